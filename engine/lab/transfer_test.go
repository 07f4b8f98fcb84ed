//go:build linux

package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"
)

// serveTCP lets a computer answer each connection by the hash of what it says.
func serveTCP(t testing.TB, h *Host, at netip.AddrPort) {
	t.Helper()
	var listener net.Listener
	if err := h.Do(func() (err error) {
		listener, err = net.Listen("tcp", at.String())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				// What has lost its network would wait for ever.
				stop := context.AfterFunc(t.Context(), func() { conn.Close() })
				defer stop()
				defer conn.Close()
				sum := sha256.New()
				_, _ = io.Copy(sum, conn)
				_, _ = conn.Write(sum.Sum(nil))
			}()
		}
	}()
}

// dialTCP connects from a computer.
func dialTCP(h *Host, to netip.AddrPort, within time.Duration) (*net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var conn net.Conn
	err := h.Do(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", to.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// upload sends bytes and wants the answer to be their hash.
func upload(h *Host, to netip.AddrPort, size int) error {
	conn, err := dialTCP(h, to, 5*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	sum := sha256.New()
	noise := io.LimitReader(rand.NewChaCha8([32]byte{1}), int64(size))
	if _, err := io.Copy(conn, io.TeeReader(noise, sum)); err != nil {
		return err
	}
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return err
	}
	if !bytes.Equal(answer, sum.Sum(nil)) {
		return fmt.Errorf("%s received something else", to)
	}
	return nil
}

func TestTCPPassesEveryKind(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := l.Server("server")
	at := netip.AddrPortFrom(server.IP4(), 443)
	serveTCP(t, server, at)
	six := netip.AddrPortFrom(server.IP6(), 443)
	serveTCP(t, server, six)
	for _, kind := range append(Kinds(), Kind{WebOnly}) {
		if err := upload(l.Home(kind.String(), kind...), at, 2<<20); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if err := upload(l.Home("six", IPv6Only), six, 2<<20); err != nil {
		t.Errorf("%s: %v", IPv6Only.Name, err)
	}
}

// BenchmarkTCP is one connection from a home behind two routers to a server.
func BenchmarkTCP(b *testing.B) {
	for _, delay := range []time.Duration{0, 5 * time.Millisecond} {
		b.Run(delay.String(), func(b *testing.B) {
			l := New(b, Options{Delay: delay})
			from := l.Home("from", Carrier(PortRestricted)...)
			to := l.Server("to")
			at := netip.AddrPortFrom(to.IP4(), 443)
			var listener net.Listener
			if err := to.Do(func() (err error) {
				listener, err = net.Listen("tcp", at.String())
				return err
			}); err != nil {
				b.Fatal(err)
			}
			defer listener.Close()
			go func() {
				if conn, err := listener.Accept(); err == nil {
					defer context.AfterFunc(b.Context(), func() { conn.Close() })()
					_, _ = io.Copy(io.Discard, conn)
				}
			}()
			conn, err := dialTCP(from, at, 5*time.Second)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			block := make([]byte, 1<<20)
			b.SetBytes(int64(len(block)))
			for b.Loop() {
				if _, err := conn.Write(block); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkUDP is datagrams as a data channel sends them. What arrives counts.
func BenchmarkUDP(b *testing.B) {
	l := New(b, Options{})
	from, to := l.Home("from", Carrier(PortRestricted)...), l.Server("to")
	at := netip.AddrPortFrom(to.IP4(), 443)
	var in, out *net.UDPConn
	err := to.Do(func() (err error) {
		in, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		return err
	})
	if err == nil {
		err = from.Do(func() (err error) {
			out, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(at))
			return err
		})
	}
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	defer in.Close()
	_ = in.SetReadBuffer(4 << 20)
	stop := make(chan struct{})
	defer close(stop)
	block := make([]byte, 1200)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = out.Write(block)
			}
		}
	}()
	buffer := make([]byte, 1500)
	b.SetBytes(int64(len(block)))
	for b.Loop() {
		if _, err := in.Read(buffer); err != nil {
			b.Fatal(err)
		}
	}
}
