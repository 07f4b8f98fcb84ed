package settings_test

import (
	"errors"
	"net/netip"
	"reflect"
	"testing"

	"github.com/causeway-app/causeway/engine/settings"
)

func TestTheFileOfAnEarlierVersionOfTheProgramGetsTheDefaultsOfWhatIsNew(t *testing.T) {
	l := here(t)
	write(t, l.SettingsFile, `{"version": 1, "name": "attic", "limit_up": 5, "schedule": {"enabled": true}, "serve": {"turn_port": 3479}}`)
	got, want := load(t, l), settings.Default()
	want.Name, want.LimitUp, want.TURN = "attic", 5, []settings.TURN{}
	want.Schedule.Enabled, want.Serve.TURNPort = true, 3479
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !got.LimitLAN || !got.AskFirst || !got.Notify || got.Schedule.From != 480 || got.Serve.TrackerPort != 8000 {
		t.Errorf("the defaults themselves are wrong: %+v", got)
	}
}

func TestWhatIsSwitchedOffStaysOff(t *testing.T) {
	l := here(t)
	s := settings.Default()
	s.LimitLAN, s.AskFirst, s.Notify, s.PortMapping, s.TURN = false, false, false, false, []settings.TURN{}
	save(t, l, s)
	if got := load(t, l); !reflect.DeepEqual(got, s) {
		t.Errorf("got %+v", got)
	}
}

// wrongSections is Default with one fault, and the field that it is told at.
var wrongSections = []struct {
	field  string
	change func(*settings.Settings)
	want   error
}{
	{"schedule.from", func(s *settings.Settings) { s.Schedule.From = -1 }, settings.ErrTime},
	{"schedule.to", func(s *settings.Settings) { s.Schedule.To = 1440 }, settings.ErrTime},
	{"schedule.days", func(s *settings.Settings) { s.Schedule.Enabled, s.Schedule.Days = true, 0 }, settings.ErrEmpty},
	{"schedule.days", func(s *settings.Settings) { s.Schedule.Days = 0b10000001 }, settings.ErrFormat},
	{"schedule.limit_up", func(s *settings.Settings) { s.Schedule.LimitUp = -1 }, settings.ErrNegative},
	{"schedule.limit_down", func(s *settings.Settings) { s.Schedule.LimitDown = -1 }, settings.ErrNegative},
	{"port_min", func(s *settings.Settings) { s.PortMax = 5 }, settings.ErrPortRange},
	{"port_max", func(s *settings.Settings) { s.PortMin = 5 }, settings.ErrPortRange},
	{"port_max", func(s *settings.Settings) { s.PortMin, s.PortMax = 6000, 5999 }, settings.ErrPortRange},
	{"serve.tracker_port", func(s *settings.Settings) { s.Serve.Enabled, s.Serve.TrackerPort = true, 0 }, settings.ErrPort},
	{"serve.turn_port", func(s *settings.Settings) { s.Serve.Enabled, s.Serve.TURNPort = true, 0 }, settings.ErrPort},
	{"serve.turn_port", func(s *settings.Settings) { s.Serve.TURNPort = s.Serve.TrackerPort }, settings.ErrPortTaken},
	{"serve.relay_min", func(s *settings.Settings) { s.Serve.Enabled, s.Serve.RelayMin = true, 0 }, settings.ErrPort},
	{"serve.relay_max", func(s *settings.Settings) { s.Serve.Enabled, s.Serve.RelayMax = true, 0 }, settings.ErrPort},
	{"serve.relay_max", func(s *settings.Settings) { s.Serve.RelayMax = s.Serve.RelayMin - 1 }, settings.ErrPortRange},
	{"serve.public_ip", func(s *settings.Settings) { s.Serve.PublicIP = "relay.example" }, settings.ErrAddress},
	{"serve.public_ip", func(s *settings.Settings) { s.Serve.PublicIP = "0.0.0.0" }, settings.ErrAddress},
	{"serve.password", func(s *settings.Settings) { s.Serve.Enabled, s.Serve.Username = true, "guest" }, settings.ErrCredentials},
	{"serve.username", func(s *settings.Settings) { s.Serve.Enabled, s.Serve.Password = true, "tea" }, settings.ErrCredentials},
	{"serve.username", func(s *settings.Settings) { s.Serve.Username, s.Serve.Password = "a:b", "tea" }, settings.ErrCredentials},
	{"serve.rate", func(s *settings.Settings) { s.Serve.Rate = -1 }, settings.ErrNegative},
	{"metrics", func(s *settings.Settings) { s.Metrics = "9177" }, settings.ErrFormat},
	{"metrics", func(s *settings.Settings) { s.Metrics = "127.0.0.1:0" }, settings.ErrPort},
	{"metrics", func(s *settings.Settings) { s.Metrics = ":9177" }, settings.ErrNotLoopback},
	{"metrics", func(s *settings.Settings) { s.Metrics = "0.0.0.0:9177" }, settings.ErrNotLoopback},
	{"metrics", func(s *settings.Settings) { s.Metrics = "192.168.1.2:9177" }, settings.ErrNotLoopback},
	{"metrics", func(s *settings.Settings) { s.Metrics = "example.org:9177" }, settings.ErrNotLoopback},
	{"language", func(s *settings.Settings) { s.Language = "de" }, settings.ErrChoice},
	{"theme", func(s *settings.Settings) { s.Theme = "pink" }, settings.ErrChoice},
	{"log_level", func(s *settings.Settings) { s.LogLevel = "loud" }, settings.ErrChoice},
}

func TestEachFaultIsToldAtItsFieldAndWorkedAround(t *testing.T) {
	l := here(t)
	for _, one := range wrongSections {
		s := settings.Default()
		one.change(&s)
		wrong := settings.FieldErrors(settings.Validate(s))
		if len(wrong) != 1 || wrong[0].Field != one.field || !errors.Is(wrong[0], one.want) {
			t.Errorf("%s, %v: told %v", one.field, one.want, wrong)
			continue
		}
		if rule := wrong[0].Explain(); rule == "" || errors.Is(settings.Save(l, s), nil) {
			t.Errorf("%s: it was saved, or explained as %q", one.field, rule)
		}
		usable := settings.Usable(l, s)
		if err := settings.Validate(usable); err != nil {
			t.Errorf("%s: what is left cannot be used: %v", one.field, err)
		}
		if usable.Serve.Enabled && usable.Serve.Username != "" {
			t.Errorf("%s: a relay runs with what is wrong: %+v", one.field, usable.Serve)
		}
	}
}

func TestARelayForOthersWithoutItsPasswordIsARendezvousStill(t *testing.T) {
	s := edited()
	s.Serve.Password = ""
	wrong := settings.FieldErrors(settings.Validate(s))
	if len(wrong) != 1 || !wrong[0].Locked(s) {
		t.Errorf("wrong are %v", wrong)
	}
	if got := settings.Usable(here(t), s).Serve; !got.Enabled || got.Username != "" {
		t.Errorf("worked by %+v", got)
	}
}

func TestTheAddressOfTheCountersIsOneOfThisComputerAlone(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:9177": "127.0.0.1:9177", "LocalHost:80": "127.0.0.1:80", "[::1]:9177": "[::1]:9177", "127.8.9.1:1": "127.8.9.1:1",
	} {
		if got, err := settings.MetricsAddress(text); err != nil || got != netip.MustParseAddrPort(want) {
			t.Errorf("%q is %s, %v", text, got, err)
		}
	}
}

func TestASizeMayBeWrittenWithItsB(t *testing.T) {
	for text, want := range map[string]int64{"2TB": 2e12, "500 MB": 5e8, "1TiB": 1 << 40, "12B": 12} {
		if got, err := settings.ParseSize(text); got != want || err != nil {
			t.Errorf("%q is %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"10M/s", "B", "5Mb", "1PB"} {
		if got, err := settings.ParseSize(text); !errors.Is(err, settings.ErrFormat) {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
}
