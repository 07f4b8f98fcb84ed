package netcheck

import "net"

// wantedBuffer is what links ask for on their UDP sockets. With the default of
// 208 KiB on Linux a link loses bursts, which costs most of its speed.
const wantedBuffer = 4 << 20

// enlarge asks for large buffers. Linux cuts them down silently, others refuse
// too much.
func enlarge(socket *net.UDPConn) {
	for _, set := range []func(int) error{socket.SetReadBuffer, socket.SetWriteBuffer} {
		for size := wantedBuffer; size >= 256<<10 && set(size) != nil; size /= 2 {
		}
	}
}

// measureBuffers finds out what the system grants a UDP socket.
func measureBuffers() Buffers {
	found := Buffers{Wanted: wantedBuffer}
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return found
	}
	defer socket.Close()
	enlarge(socket)
	found.Receive, found.Send = granted(socket)
	if found.short() {
		found.Remedy = buffersRemedy
	}
	return found
}

// short reports whether the system cut one of the buffers down. Sizes that
// cannot be read are not short.
func (b Buffers) short() bool {
	return b.Receive > 0 && b.Receive < b.Wanted || b.Send > 0 && b.Send < b.Wanted
}
