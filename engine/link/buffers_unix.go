//go:build unix

package link

import (
	"net"
	"syscall"
)

// receiveBuffer reads back what the kernel granted a socket, in bytes. Linux
// counts its own bookkeeping and says twice the size that was asked for.
func receiveBuffer(conn *net.UDPConn) (bytes int, ok bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, false
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		bytes, inner = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
	})
	return bytes, err == nil && inner == nil
}
