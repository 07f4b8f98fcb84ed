package path_test

import (
	"testing"

	"github.com/causeway-app/causeway/engine/path"
)

func TestARelayIsKnownByItsHostAndTheWayToIt(t *testing.T) {
	for uri, want := range map[string]path.Relay{
		"turn:a.example":                        {Name: "a.example", Protocol: "UDP"},
		"turn:a.example:3478?transport=udp":     {Name: "a.example", Protocol: "UDP"},
		"turn:a.example:5349?transport=tcp":     {Name: "a.example:5349", Protocol: "TCP"},
		"turn:a.example:443?transport=tcp":      {Name: "a.example:443", Protocol: "TCP", Restricted: true},
		"turn:a.example:443":                    {Name: "a.example:443", Protocol: "UDP"},
		"turns:a.example":                       {Name: "a.example", Protocol: "TLS", Restricted: true},
		"turns:a.example:443?transport=tcp":     {Name: "a.example:443", Protocol: "TLS", Restricted: true},
		"turns:a.example:5349?transport=udp":    {Name: "a.example", Protocol: "DTLS"},
		"turn:[2001:db8::1]:3478?transport=udp": {Name: "2001:db8::1", Protocol: "UDP"},
		"turn:[2001:db8::1]":                    {Name: "2001:db8::1", Protocol: "UDP"},
		"turn:[2001:db8::1]:5000":               {Name: "[2001:db8::1]:5000", Protocol: "UDP"},
		"something else":                        {Name: "something else"},
		"":                                      {},
	} {
		if got := path.ParseRelay(uri); got != want {
			t.Errorf("%s: got %+v, want %+v", uri, got, want)
		}
	}
}
