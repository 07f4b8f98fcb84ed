//go:build !unix

package netcheck

import "net"

// granted would read back what the system granted; here the request is not cut
// down.
func granted(*net.UDPConn) (receive, send int) { return 0, 0 }
