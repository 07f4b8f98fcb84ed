package settings_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

func TestACommandLineGoesOverTheSettings(t *testing.T) {
	saved := edited()
	saved.PortMapping = true
	same, err := settings.Override{}.Apply(saved)
	if err != nil || !reflect.DeepEqual(same, saved) {
		t.Errorf("without flags: %+v, %v", same, err)
	}
	got, err := settings.Override{
		Rendezvous: []string{"ws://a.example"}, STUN: []string{"b.example:1"}, TURN: []string{"turn:c.example,me,pass,word"},
		TURNSecret: []string{"turns:d.example,se,cret"}, Policy: "relay", LimitUp: "0", LimitDown: "10M",
		RelayMonth: "10G", RelayTransfer: "1.5Gi", RelayRate: "2M", NoPortMapping: true,
	}.Apply(saved)
	want := saved
	want.Rendezvous, want.STUN = []string{"ws://a.example"}, []string{"stun:b.example:1"}
	want.TURN = []settings.TURN{{URL: "turn:c.example", Username: "me", Password: "pass,word"}, {URL: "turns:d.example", Secret: "se,cret"}}
	want.Policy, want.LimitUp, want.LimitDown = path.RelayOnly, 0, 10_000_000
	want.RelayMonth, want.RelayTransfer, want.RelayRate, want.PortMapping = 10_000_000_000, 3<<29, 2_000_000, false
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestAFlagThatMakesNoSenseIsNamedWithWhatIsMeant(t *testing.T) {
	for meant, o := range map[string]settings.Override{
		"rendezvous: wss://":             {Rendezvous: []string{"http://example.org"}},
		"stun: stun:host:port":           {STUN: []string{"turn:example.org"}},
		"turn: URL,user,password":        {TURN: []string{"turn:example.org,me"}},
		"turn-secret: URL,secret":        {TURNSecret: []string{"example.org,the password"}},
		"policy: auto, direct, lan":      {Policy: "fast"},
		"limit-up: bytes a second":       {LimitUp: "fast"},
		"limit-down: bytes a second, su": {LimitDown: "-1"},
		"relay-month: 500M or 10G":       {RelayMonth: "much"},
		"relay-transfer: 500M or 10G":    {RelayTransfer: "-5"},
		"relay-rate: bytes a second":     {RelayRate: "slow"},
	} {
		field, words, _ := strings.Cut(meant, ": ")
		_, err := o.Apply(edited())
		wrong := settings.FieldErrors(err)
		if len(wrong) == 0 || wrong[0].Field != field || !strings.Contains(wrong[0].Explain(), words) || strings.Contains(wrong[0].Explain(), "the password") {
			t.Errorf("%s: got %v", meant, err)
		}
	}
}

// What the file has wrong is not the command line's fault, and a flag replaces it.
func TestFlagsLeaveTheFaultsOfTheFile(t *testing.T) {
	s := edited()
	s.Policy, s.STUN = "lann", []string{"http://example.org"}
	got, err := settings.Override{Policy: "direct"}.Apply(s)
	if wrong := settings.FieldErrors(settings.Validate(got)); err != nil || len(wrong) != 1 || wrong[0].Field != "stun[0]" {
		t.Errorf("got %v, and still wrong is %v", err, wrong)
	}
}
