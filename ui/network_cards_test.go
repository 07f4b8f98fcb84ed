package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// monthOf is a November in which relays have carried bytes of a limit.
func monthOf(relayed, limit int64) engine.RelayUsage {
	return engine.RelayUsage{
		Month: time.Date(2026, 11, 1, 0, 0, 0, 0, time.Local), Bytes: relayed, DirectBytes: 28_800_000_000, Limit: limit,
	}
}

// budgets are the months that the page is shown with.
func budgets() map[string]engine.RelayUsage {
	return map[string]engine.RelayUsage{
		"nothing": {Month: monthOf(0, 0).Month}, "none": monthOf(1_200_000_000, 0), "12": monthOf(1_200_000_000, 10_000_000_000),
		"85": monthOf(8_500_000_000, 10_000_000_000), "over": monthOf(10_400_000_000, 10_000_000_000),
	}
}

// pick takes a card by the keyboard.
func pick(cards *look.ChoiceCards, index int) {
	cards.Card(index).TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
}

func TestAPolicyIsTakenAtOnce(t *testing.T) {
	d := networkDesk(t, network(home()))
	if d.network.policy.cards.Selected() != 0 {
		t.Error("the policy of the settings is not marked")
	}
	pick(d.network.policy.cards, 2)
	if len(d.saved) != 1 || d.saved[0].Policy != path.LANOnly || d.keeper.taken.Policy != path.LANOnly {
		t.Errorf("saved %+v", d.saved)
	}
	d.wantReads(t, "Not asked for: under “Same network only” nobody comes in through it")
}

func TestARiskyPolicySaysItsCostFirst(t *testing.T) {
	for name, c := range map[string]struct {
		policy int
		relays []settings.TURN
		state  []engine.Relay
		says   string
	}{
		"direct only":           {1, someSettings.TURN, nil, "Your relays are not used any more."},
		"direct only, no relay": {1, nil, nil, "such a transfer waits until one of them changes."},
		"no relay":              {3, nil, nil, "You have no relay. Until you add one"},
		"relays that fail":      {3, someSettings.TURN, []engine.Relay{{URL: "turn:x", Failure: &netcheck.Failure{}}}, "None of your relays can be used"},
	} {
		t.Run(name, func(t *testing.T) {
			n := network(home())
			n.Relays = c.state
			d := networkDesk(t, n)
			d.keeper.change(func(s *settings.Settings) { s.TURN = c.relays })
			before := len(d.saved)
			pick(d.network.policy.cards, c.policy)
			if text := d.dialogReads(); !strings.Contains(text, c.says) {
				t.Errorf("the question does not say %q: %s", c.says, text)
			}
			tap(d.button(t, "Leave it as it is"))
			if len(d.saved) != before || d.network.policy.cards.Selected() != 0 {
				t.Error("the policy was taken, or looks so")
			}
			pick(d.network.policy.cards, c.policy)
			tap(d.button(t, d.words.Say("policy-title."+string(policies[c.policy]), nil)))
			if len(d.saved) != before+1 || d.saved[before].Policy != policies[c.policy] || d.network.policy.cards.Selected() != c.policy {
				t.Error("the policy was not taken")
			}
		})
	}
}

func TestRelayOnlyIsTakenAtOnceWhereARelayWorks(t *testing.T) {
	d := networkDesk(t, network(home()))
	pick(d.network.policy.cards, 3)
	if d.keeper.taken.Policy != path.RelayOnly {
		t.Error("a question is asked although a relay works")
	}
}

func TestTheCardsFollowTheSettings(t *testing.T) {
	d := networkDesk(t, network(home()))
	d.keeper.change(func(s *settings.Settings) { s.Policy = path.RelayOnly })
	if d.network.policy.cards.Selected() != 3 {
		t.Error("the cards show another policy than the settings have")
	}
	d.engine.err = errTest
	pick(d.network.policy.cards, 0)
	if d.network.policy.cards.Selected() != 3 || !d.notice.content.Visible() {
		t.Error("a policy that the engine refused looks taken")
	}
}

// dialogReads is every text of the dialog on top.
func (d *desk) dialogReads() string {
	var all []string
	top := d.window.Canvas().Overlays().Top()
	if top == nil {
		return ""
	}
	for _, o := range test.LaidOutObjects(top) {
		if text, ok := o.(fyne.Accessible); ok && o.Visible() {
			all = append(all, text.AccessibilityLabel())
		}
	}
	return strings.Join(all, "\n")
}

func TestNobodyAsksTheRouterWhereThatIsOfNoUse(t *testing.T) {
	w := words.In("en")
	for policy, want := range map[path.Policy]string{
		path.Auto: "Looking for it", path.DirectOnly: "Looking for it",
		path.LANOnly:   "Not asked for: under “Same network only” nobody comes in through it",
		path.RelayOnly: "Not asked for: under “Relay only” nobody comes in through it",
	} {
		if got := mappingFinding(w, &netcheck.Report{}, permits{mapping: true, policy: policy}).value; got != want {
			t.Errorf("under %s port mapping is %q, want %q", policy, got, want)
		}
	}
	if got := mappingFinding(w, &netcheck.Report{}, permits{policy: path.RelayOnly}).value; got != "Off in the settings" {
		t.Errorf("port mapping that is off is %q", got)
	}
}

func TestFindingsCanBeFoldedWhileAllIsWell(t *testing.T) {
	d := networkDesk(t, network(home()))
	tap(d.button(t, "Hide details"))
	if text := d.reads(); strings.Contains(text, "Passes to the internet") || !strings.Contains(text, "Home router that maps ports") {
		t.Errorf("the findings are not folded:\n%s", text)
	}
	d.show(engine.State{Network: network(hotel())})
	d.wantReads(t, "Your provider puts a second router")
	if d.network.check.fold.Visible() {
		t.Error("what is not well can be folded away")
	}
	d.show(engine.State{Network: network(home())})
	tap(d.button(t, "Hide details"))
	tap(d.button(t, "Show details"))
	d.wantReads(t, "Passes to the internet")
}

func TestTheFirstFindingsAreSeenWithoutScrolling(t *testing.T) {
	d := networkDesk(t, network(home()))
	d.window.Resize(first)
	last := d.network.check.findings[len(d.network.check.findings)-1].content
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(last)
	if bottom := at.Y + last.Size().Height; bottom > 400 {
		t.Errorf("the last finding ends at %v of %v", bottom, first.Height)
	}
}

func TestTheLightSaysWhatTheSentenceSays(t *testing.T) {
	levels := map[int]netcheck.Verdict{}
	for _, v := range []netcheck.Verdict{netcheck.Mapped, netcheck.Usual, netcheck.Strict, netcheck.NoUDP, netcheck.Offline} {
		level := verdictLevel(v)
		if other, found := levels[level]; found {
			t.Errorf("%s and %s have as many bars", v, other)
		}
		levels[level] = v
	}
}

func TestTheMonthLooksAhead(t *testing.T) {
	w, now := words.In("en"), time.Date(2026, 11, 21, 0, 0, 0, 0, time.Local)
	for name, c := range map[string]struct {
		usage engine.RelayUsage
		now   time.Time
		want  string
	}{
		"half of it":      {monthOf(1_000_000_000, 10_000_000_000), now, "If it goes on like this, relays will have carried 1.5 GB by the end of the month."},
		"no limit":        {monthOf(2_000_000_000, 0), now, "If it goes on like this, relays will have carried 3.0 GB by the end of the month."},
		"too fast":        {monthOf(8_000_000_000, 10_000_000_000), now, "If it goes on like this, the limit is reached on 26 November."},
		"over":            {monthOf(11_000_000_000, 10_000_000_000), now, "The limit is reached: you are asked before a relay carries more."},
		"a drop in a sea": {monthOf(1, 1<<62), now, "If it goes on like this, relays will have carried 1 B by the end of the month."},
		"nothing relayed": {monthOf(0, 10_000_000_000), now, ""},
		"the first day":   {monthOf(5_000_000_000, 10_000_000_000), now.AddDate(0, 0, -20).Add(time.Hour), ""},
		"another month":   {monthOf(5_000_000_000, 10_000_000_000), now.AddDate(0, 1, 0), ""},
	} {
		if got := outlookOf(w, c.usage, c.now); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := percentOf(11, 10); got != "110 %" {
		t.Errorf("more than the limit is %q", got)
	}
}
