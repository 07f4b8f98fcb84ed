package signaling

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/causeway-app/causeway/engine/invite"
)

// bytesOf is hexadecimal in JSON.
type bytesOf []byte

func (b *bytesOf) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// sealVectors were made by another program from the documentation.
type sealVectors struct {
	Secret bytesOf `json:"secret"`
	Sealed []struct {
		Name      string  `json:"name"`
		Kind      Kind    `json:"kind"`
		From      bytesOf `json:"from"`
		To        bytesOf `json:"to"`
		OfferID   bytesOf `json:"offer_id"`
		Plaintext bytesOf `json:"plaintext"`
		Nonce     bytesOf `json:"nonce"`
		Sealed    string  `json:"sealed"`
	} `json:"sealed"`
	Tags []struct {
		From bytesOf `json:"from"`
		To   bytesOf `json:"to"`
		Tag  bytesOf `json:"tag"`
	} `json:"tags"`
}

func readSealVectors(t testing.TB) (sealVectors, invite.Keys) {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v sealVectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Sealed) == 0 || len(v.Tags) == 0 {
		t.Fatal("testdata/vectors.json has no vectors")
	}
	return v, invite.Secret(v.Secret).Keys()
}

func TestSealingMatchesTheVectors(t *testing.T) {
	t.Parallel()
	vectors, keys := readSealVectors(t)
	for _, vector := range vectors.Sealed {
		context := Context{vector.Kind, vector.From, vector.To, OfferID(vector.OfferID)}
		nonce := [chacha20poly1305.NonceSizeX]byte(vector.Nonce)
		if got := sealWith(nonce, keys, context, vector.Plaintext); got != vector.Sealed {
			t.Errorf("%s: sealed as %s, want %s", vector.Name, got, vector.Sealed)
		}
		if got, err := Open(keys, context, vector.Sealed); err != nil || !bytes.Equal(got, vector.Plaintext) {
			t.Errorf("%s: opened as %x, %v", vector.Name, got, err)
		}
	}
}

func TestRoomTagsMatchTheVectorsAndDiffer(t *testing.T) {
	t.Parallel()
	vectors, keys := readSealVectors(t)
	seen := map[[16]byte]bool{}
	for _, vector := range vectors.Tags {
		got := RoomTag(keys, vector.From, vector.To)
		if !bytes.Equal(got[:], vector.Tag) {
			t.Errorf("%x to %x: %x, want %x", vector.From, vector.To, got, vector.Tag)
		}
		seen[got] = true
	}
	if len(seen) != len(vectors.Tags) {
		t.Errorf("%d tags of %d pairs of ends", len(seen), len(vectors.Tags))
	}
	if RoomTag(invite.NewSecret().Keys(), vectors.Tags[0].From, vectors.Tags[0].To) == [16]byte(vectors.Tags[0].Tag) {
		t.Error("another room has the same tag")
	}
}

func TestASealedTextOpensOnlyWhereItBelongs(t *testing.T) {
	t.Parallel()
	keys, others := invite.NewSecret().Keys(), invite.NewSecret().Keys()
	from, to := NewPeerID(), NewPeerID()
	right := Context{KindAnswer, from[:], to[:], NewOfferID()}
	sealed := Seal(keys, right, []byte("hello"))
	if got, err := Open(keys, right, sealed); err != nil || string(got) != "hello" {
		t.Fatalf("%q, %v", got, err)
	}
	sameSealElsewhere := keys
	sameSealElsewhere.Room = others.Room
	for name, try := range map[string]struct {
		keys    invite.Keys
		context Context
	}{
		"another room":               {others, right},
		"another room, the same key": {sameSealElsewhere, right},
		"an offer":                   {keys, Context{KindOffer, from[:], to[:], right.OfferID}},
		"over a link":                {keys, Context{KindLink, from[:], to[:], right.OfferID}},
		"sent back":                  {keys, Context{KindAnswer, to[:], from[:], right.OfferID}},
		"to nobody":                  {keys, Context{KindAnswer, from[:], nil, right.OfferID}},
		"ends moved":                 {keys, Context{KindAnswer, append(from[:len(from):len(from)], to[0]), to[1:], right.OfferID}},
		"another offer":              {keys, Context{KindAnswer, from[:], to[:], NewOfferID()}},
	} {
		if got, err := Open(try.keys, try.context, sealed); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: opened as %q, %v", name, got, err)
		}
	}
}

func TestNoChangedSealedTextOpens(t *testing.T) {
	t.Parallel()
	keys := invite.NewSecret().Keys()
	context := Context{Kind: KindLink, From: []byte("a"), To: []byte("b")}
	sealed := Seal(keys, context, []byte("some text"))
	for at := range len(sealed) {
		for _, c := range []byte("AB/z.=\n") {
			changed := sealed[:at] + string(c) + sealed[at+1:]
			if _, err := Open(keys, context, changed); changed != sealed && !errors.Is(err, ErrSealed) {
				t.Fatalf("byte %d as %q: %v", at, c, err)
			}
		}
		for _, changed := range []string{sealed[:at], sealed[:at] + "\n" + sealed[at:]} {
			if _, err := Open(keys, context, changed); !errors.Is(err, ErrSealed) {
				t.Fatalf("%q: %v", changed, err)
			}
		}
	}
}

func TestTheLargestPlaintextFitsExactly(t *testing.T) {
	t.Parallel()
	sealed := Seal(invite.NewSecret().Keys(), Context{Kind: KindOffer}, make([]byte, MaxPlaintext))
	if len(sealed) > MaxSealed || len(sealed) < MaxSealed-4 {
		t.Errorf("%d bytes, at most %d", len(sealed), MaxSealed)
	}
}

func TestSealingTwiceGivesTwoTexts(t *testing.T) {
	t.Parallel()
	keys := invite.NewSecret().Keys()
	first, second := Seal(keys, Context{}, nil), Seal(keys, Context{}, nil)
	if first == second || !strings.HasPrefix(first, sealPrefix) {
		t.Errorf("%s and %s", first, second)
	}
}

func FuzzOpen(f *testing.F) {
	vectors, keys := readSealVectors(f)
	genuine := map[string]bool{}
	for _, vector := range vectors.Sealed {
		f.Add(vector.Sealed, byte(vector.Kind), []byte(vector.From), []byte(vector.To))
		genuine[vector.Sealed] = true
	}
	f.Add("cw1.", byte(0), []byte(nil), []byte("x"))
	f.Fuzz(func(t *testing.T, sealed string, kind byte, from, to []byte) {
		context := Context{Kind: Kind(kind), From: from, To: to}
		if _, err := Open(keys, context, sealed); err == nil {
			// The fuzzer may put a genuine one together again, no other.
			if !genuine[sealed] {
				t.Fatalf("opened %q", sealed)
			}
		} else if !errors.Is(err, ErrSealed) {
			t.Fatalf("an error of another kind: %v", err)
		}
		opened, err := Open(keys, context, Seal(keys, context, []byte(sealed)))
		if err != nil || string(opened) != sealed {
			t.Fatalf("%q came back as %q, %v", sealed, opened, err)
		}
	})
}
