package link

import (
	"io"
	"testing"
)

// BenchmarkStream moves bytes between two links in one process over loopback.
func BenchmarkStream(b *testing.B) {
	anna, err := NewDialer(Config{Loopback: true})
	if err != nil {
		b.Fatal(err)
	}
	bert, err := NewDialer(Config{Loopback: true})
	if err != nil {
		b.Fatal(err)
	}
	pending, err := anna.Offer(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	answering, answer, err := bert.Answer(b.Context(), pending.Description())
	if err != nil {
		b.Fatal(err)
	}
	offering, err := pending.Accept(answer)
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = offering.Serve(b.Context()) }()
	go func() { _ = answering.Serve(b.Context()) }()
	defer func() {
		offering.Close()
		answering.Close()
		<-offering.Done()
		<-answering.Done()
	}()
	for _, l := range []*Link{offering, answering} {
		if _, err := l.Status().Wait(b.Context(), func(s Status) bool { return s.Up }); err != nil {
			b.Fatal(err)
		}
	}
	out, err := offering.Open("x")
	if err != nil {
		b.Fatal(err)
	}
	in := <-answering.Streams()

	const piece = 16 << 10 // what BitTorrent writes
	b.SetBytes(piece)
	b.ReportAllocs()
	b.ResetTimer()
	failed := make(chan error, 1)
	go func() {
		data := make([]byte, piece)
		for range b.N {
			if _, err := out.Write(data); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	if _, err := io.CopyN(io.Discard, in, int64(b.N)*piece); err != nil {
		b.Fatal(err)
	}
	if err := <-failed; err != nil {
		b.Fatal(err)
	}
}
