//go:build unix

package netcheck

import (
	"net"
	"runtime"
	"syscall"
)

// granted reads back the sizes of a socket's buffers, in bytes; 0 where they
// cannot be read.
func granted(socket *net.UDPConn) (receive, send int) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, 0
	}
	_ = raw.Control(func(fd uintptr) {
		receive, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
		send, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF)
	})
	if runtime.GOOS == "linux" {
		// It counts its own bookkeeping and says twice the size that was asked
		// for (socket(7)).
		receive, send = receive/2, send/2
	}
	return receive, send
}
