package invite_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/causeway-app/causeway/engine/invite"
)

func TestNoVerbAndNoLogTellsASecret(t *testing.T) {
	t.Parallel()
	secret := invite.NewSecret()
	keys := secret.Keys()
	invitation := invite.Invitation{Secret: secret}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%b"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+" "+verb+"\n", secret, &secret, keys, &keys)
	}
	for _, handler := range []slog.Handler{
		slog.NewTextHandler(&out, nil),
		slog.NewJSONHandler(&out, nil),
	} {
		slog.New(handler).Info("made", "secret", secret, "keys", keys, "invitation", invitation)
	}
	text := strings.ToLower(out.String())
	for name, hidden := range map[string][]byte{"secret": secret[:], "seal": keys.Seal[:], "tag": keys.Tag[:]} {
		decimal := strings.Trim(fmt.Sprint(hidden), "[]")
		commas := strings.ReplaceAll(decimal, " ", ",")
		for _, form := range []string{hex.EncodeToString(hidden[:8]), decimal, commas, fmt.Sprintf("%q", hidden)} {
			if strings.Contains(text, strings.ToLower(form)) {
				t.Errorf("the %s shows as %s", name, form)
			}
		}
	}
	if strings.Contains(text, "causeway:0") {
		t.Error("the invitation shows")
	}
	if !strings.Contains(text, keys.Room.String()) {
		t.Error("the room does not show, so the test looked at nothing")
	}
}

func TestEverySecretIsAnother(t *testing.T) {
	t.Parallel()
	seen := map[invite.Room]bool{}
	for range 100 {
		seen[invite.NewSecret().Keys().Room] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d rooms of 100 secrets", len(seen))
	}
}
