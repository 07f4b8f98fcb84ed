package invite

import (
	"errors"
	"reflect"
	"testing"
)

// A fuzzer cannot guess checksums, so it gets at the fields directly.
func FuzzParseBody(f *testing.F) {
	f.Add([]byte("0123456789abcdef"))
	f.Add([]byte("0123456789abcdef\x01\x06\x0a\x00\x00\x01\x1f\x90\x03\x09a.example\x04\x07b:1/x?y"))
	f.Add([]byte("0123456789abcdef\x7f\x01x\x80\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > maxBody {
			return
		}
		first, err := Parse(armour(currentVersion, body))
		if err != nil {
			if !errors.Is(err, ErrMistyped) && !errors.Is(err, ErrNewer) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if len(first.LAN) > MaxLAN || len(first.Rendezvous) > MaxRendezvous {
			t.Fatal("beyond the limits")
		}
		again, err := Parse(first.String())
		if err != nil || !reflect.DeepEqual(first, again) {
			t.Fatalf("%+v became %+v, %v", first, again, err)
		}
	})
}
