package settings_test

import (
	"reflect"
	"testing"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

func TestWhatIsRightIsWorkedByAndTheRestIsNot(t *testing.T) {
	l := here(t)
	right := edited()
	if got := settings.Usable(l, right); !reflect.DeepEqual(got, right) {
		t.Errorf("of right settings is left %+v", got)
	}
	s := edited()
	s.Policy, s.DownloadDir, s.LimitUp, s.LimitDown = "lann", "Downloads", -1, 7
	s.RelayMonth, s.RelayTransfer, s.RelayRate = -1, -2, -3
	s.Rendezvous = append(s.Rendezvous, "http://a.example")
	s.STUN = append(s.STUN, "turn:a.example")
	s.TURN = append(s.TURN, settings.TURN{URL: "turn:locked.example", Username: "ada"})
	got := settings.Usable(l, s)
	if err := settings.Validate(got); err != nil {
		t.Error(err)
	}
	want := right
	want.Policy, want.DownloadDir, want.LimitUp, want.LimitDown = path.LANOnly, l.DownloadDir, 0, 7
	want.RelayMonth, want.RelayTransfer, want.RelayRate = 1, 1, 0 // the user is asked at once
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestALockedPasswordIsNotAMistake(t *testing.T) {
	s := edited()
	s.TURN = []settings.TURN{{URL: "turn:locked.example", Username: "ada"}, {URL: "stun:a.example", Secret: "s"}}
	wrong := settings.FieldErrors(settings.Validate(s))
	if len(wrong) != 2 || !wrong[0].Locked(s) || wrong[1].Locked(s) {
		t.Errorf("wrong are %v", wrong)
	}
}
