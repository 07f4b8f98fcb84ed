package rendezvous_test

import (
	"testing"
	"time"
)

// BenchmarkRelay carries packets from a client to a peer, with as many under
// way as default socket buffers hold. Client, relay and peer share the
// processors.
func BenchmarkRelay(b *testing.B) {
	const packet, window = 1200, 64
	serverTLS, _ := certificate(b)
	config := withUser()
	config.AllowPrivatePeers = true
	all := turnOnly(config)
	all.TLS = serverTLS
	for _, network := range []string{"udp", "tcp", "tls"} {
		b.Run(network, func(b *testing.B) {
			server := serve(b, all)
			relayed := allocate(b, turnClient(b, server, network, "ann", "right"))
			peer := peerSocket(b, "127.0.0.1:0")
			carry(b, relayed, peer.LocalAddr(), peer, []byte("permission"))
			time.Sleep(100 * time.Millisecond) // the client binds a channel meanwhile
			free := make(chan struct{}, window)
			for range window {
				free <- struct{}{}
			}
			b.SetBytes(packet)
			b.ResetTimer()
			go func() {
				buffer := make([]byte, 2*packet)
				for range b.N {
					_ = peer.SetReadDeadline(time.Now().Add(patience))
					if _, _, err := peer.ReadFrom(buffer); err != nil {
						b.Errorf("a packet was lost: %v", err)
						close(free)
						return
					}
					free <- struct{}{}
				}
			}()
			data := make([]byte, packet)
			for range b.N {
				if _, ok := <-free; !ok {
					return
				}
				if _, err := relayed.WriteTo(data, peer.LocalAddr()); err != nil {
					b.Fatal(err)
				}
			}
			for range window {
				<-free
			}
		})
	}
}
