package engine_test

import (
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/rendezvous"
	"github.com/causeway-app/causeway/engine/settings"
)

// startTURN runs a TURN server on this computer and returns it as the settings
// name it, what it has relayed, and what ends it.
func startTURN(t *testing.T) (relay settings.TURN, counters func() rendezvous.Counters, stop func()) {
	t.Helper()
	server, stop := serveTURN(t, "127.0.0.1:0")
	url := "turn:" + server.TurnAddr().String() + "?transport=udp"
	return settings.TURN{URL: url, Username: "ada", Password: "north"}, server.Counters, stop
}

func relaying(by ...settings.TURN) setting {
	return func(c *engine.Config) { c.Settings.TURN, c.Settings.Policy = by, path.RelayOnly }
}

func atMostRelayed(transfer, month int64) setting {
	return func(c *engine.Config) { c.Settings.RelayTransfer, c.Settings.RelayMonth = transfer, month }
}

func asked(limit engine.RelayLimit) func(engine.Transfer, []engine.Peer) bool {
	return func(s engine.Transfer, _ []engine.Peer) bool { return s.Question != nil && s.Question.Limit == limit }
}

// stands fails the test if more of a transfer is relayed in the next moments.
func (c *computer) stands(id engine.TransferID) engine.Transfer {
	c.t.Helper()
	time.Sleep(300 * time.Millisecond) // what was under way arrives
	before, _ := c.State().Load().Transfer(id)
	time.Sleep(500 * time.Millisecond)
	now, _ := c.State().Load().Transfer(id)
	if now.RelayedBytes != before.RelayedBytes || now.Bytes != before.Bytes {
		c.t.Errorf("while it should wait %d relayed bytes became %d, and %d bytes %d", before.RelayedBytes, now.RelayedBytes, before.Bytes, now.Bytes)
	}
	return now
}

func TestRelayedBytesOfATransferWaitForTheUsersAnswerAndSurviveARestart(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	relay, _, _ := startTURN(t)
	const limit = 6 * megabyte
	anna := startComputer(t, meetingAt(url))
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), relaying(relay), atMostRelayed(limit, 0), stateIn(state))
	folder := writeTree(t, "work", map[string]int{"big": 16 * megabyte})
	sent := anna.share(folder)
	ben.receive(sent.Invitation)
	ben.until(sent.ID, "he is asked", asked(engine.TransferLimit))
	shown := ben.stands(sent.ID)
	if shown.Phase != engine.Transferring || shown.Question == nil || shown.Question.Allowed != limit || shown.Problem != nil {
		t.Errorf("shown: %+v", shown)
	}
	if over := shown.RelayedBytes - limit; over > megabyte || shown.RelayedBytes < limit/2 {
		t.Errorf("%d bytes were relayed of %d", shown.RelayedBytes, int64(limit))
	} else {
		t.Logf("relayed %d bytes of %d: %+d", shown.RelayedBytes, int64(limit), over)
	}

	ben.stop()
	again := startComputer(t, meetingAt(url), relaying(relay), atMostRelayed(limit, 0), stateIn(state), restoring)
	again.until(sent.ID, "he is asked again", asked(engine.TransferLimit))
	if now := again.stands(sent.ID); now.RelayedBytes < shown.RelayedBytes || now.Bytes < shown.Bytes {
		t.Errorf("after a restart %d bytes were relayed, before %d", now.RelayedBytes, shown.RelayedBytes)
	}

	if err := again.DenyRelay(t.Context(), sent.ID); err != nil {
		t.Fatal(err)
	}
	if denied := again.stands(sent.ID); denied.Question != nil || !denied.RelayDenied {
		t.Errorf("after a no: %+v", denied)
	}
	if err := again.AllowRelay(t.Context(), sent.ID, 2*megabyte); err != nil {
		t.Fatal(err)
	}
	again.until(sent.ID, "a little more went", func(s engine.Transfer, _ []engine.Peer) bool {
		return !s.RelayDenied && s.RelayedBytes > shown.RelayedBytes+megabyte/2
	})
	again.until(sent.ID, "he is asked a third time", asked(engine.TransferLimit))
	if err := again.AllowRelay(t.Context(), sent.ID, 0); err != nil {
		t.Fatal(err)
	}
	done := again.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, done.Placed)
	if done.Question != nil || done.RelayedBytes < 16*megabyte {
		t.Errorf("at the end: %+v", done)
	}
}

func TestASendersLimitStopsBothSidesAndOthersGoOnDirectly(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	relay, _, _ := startTURN(t)
	anna := startComputer(t, meetingAt(url), atMostRelayed(2*megabyte, 0), upLimit(8*megabyte))
	ben := startComputer(t, meetingAt(url), relaying(relay))
	folder := writeTree(t, "work", map[string]int{"big": 12 * megabyte})
	sent := anna.share(folder)
	ben.receive(sent.Invitation)
	anna.until(sent.ID, "she is asked", asked(engine.TransferLimit))
	anna.stands(sent.ID)

	cleo := startComputer(t, meetingAt(url), func(c *engine.Config) { c.Settings.Policy = path.DirectOnly })
	cleo.receive(sent.Invitation)
	if done := cleo.untilPhase(sent.ID, engine.Complete); done.RelayedBytes != 0 {
		t.Errorf("%d bytes were relayed on a direct path", done.RelayedBytes)
	}
	cleo.until(sent.ID, "what went directly is counted", func(engine.Transfer, []engine.Peer) bool {
		usage := cleo.State().Load().Network.Usage
		return usage.DirectBytes > 12*megabyte && usage.Bytes == 0
	})
	if shown := anna.stands(sent.ID); shown.Question == nil || shown.RelayedBytes > 4*megabyte {
		t.Errorf("the relayed one did not wait: %+v", shown)
	}
}

func TestTheMonthCountsWhatOwnRelaysCarryOverRestartsAndProcesses(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	relay, counters, _ := startTURN(t)
	const limit = 8 * megabyte
	anna := startComputer(t, meetingAt(url))
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), relaying(relay), atMostRelayed(0, limit), stateIn(state))
	sent := anna.share(writeTree(t, "work", map[string]int{"big": 20 * megabyte}))
	ben.receive(sent.Invitation)
	ben.until(sent.ID, "he is asked", asked(engine.MonthLimit))
	shown := ben.stands(sent.ID)
	usage := ben.State().Load().Network.Usage
	// The server counts without headers; the test of it at the start is in both.
	user := counters().Users["ada"]
	relayed := int64(user.BytesIn + user.BytesOut)
	if usage.Bytes < relayed*99/100 || usage.Bytes > relayed*105/100 {
		t.Errorf("counted %d bytes, the relay %d", usage.Bytes, relayed)
	}
	if over := usage.Bytes - limit; over > 5*megabyte || usage.Limit != limit || shown.Question == nil {
		t.Errorf("%d bytes went of %d: %+v", usage.Bytes, int64(limit), shown)
	} else {
		t.Logf("%d bytes went of %d: %+d; the relay says %d", usage.Bytes, int64(limit), over, relayed)
	}
	if left := anna.State().Load().Network.Usage.Bytes; left != 0 {
		t.Errorf("of a relay that is not hers Anna counts %d bytes", left)
	}
	ben.stop()

	again := startComputer(t, meetingAt(url), relaying(relay), atMostRelayed(0, limit), stateIn(state), restoring)
	again.until(sent.ID, "he is asked again", asked(engine.MonthLimit))
	if now := again.State().Load().Network; now.Usage.Bytes < usage.Bytes || len(now.Relays) != 1 || now.Relays[0].MonthBytes != now.Usage.Bytes {
		t.Errorf("after a restart: %+v, before %+v", now, usage)
	}
	if err := again.AllowRelay(t.Context(), sent.ID, 0); err != nil {
		t.Fatal(err)
	}
	again.untilPhase(sent.ID, engine.Complete)
	if usage := again.State().Load().Network.Usage; usage.Limit != 0 || usage.Bytes < 20*megabyte {
		t.Errorf("at the end: %+v", usage)
	}
}

func TestRelayedBytesKeepToTheirRate(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	relay, _, _ := startTURN(t)
	anna := startComputer(t, meetingAt(url))
	ben := startComputer(t, meetingAt(url), relaying(relay), func(c *engine.Config) { c.Settings.RelayRate = megabyte })
	sent := anna.share(writeTree(t, "work", map[string]int{"big": 64 * megabyte}))
	ben.receive(sent.Invitation)
	ben.until(sent.ID, "it is under way", func(s engine.Transfer, _ []engine.Peer) bool { return s.RelayedBytes > megabyte })
	began, before := time.Now(), mustFind(ben, sent.ID).RelayedBytes
	time.Sleep(1500 * time.Millisecond)
	rate := float64(mustFind(ben, sent.ID).RelayedBytes-before) / time.Since(began).Seconds()
	if rate > 2*megabyte || rate < megabyte/4 {
		t.Errorf("%.0f bytes a second, and %d are set", rate, megabyte)
	}
	free := ben.settings
	free.RelayRate = 0
	if err := ben.Configure(t.Context(), free); err != nil {
		t.Fatal(err)
	}
	ben.untilPhase(sent.ID, engine.Complete)
}

func mustFind(c *computer, id engine.TransferID) engine.Transfer {
	c.t.Helper()
	found, ok := c.State().Load().Transfer(id)
	if !ok {
		c.t.Fatal("the transfer is gone")
	}
	return found
}

func TestAnswersToQuestionsThatNobodyAsked(t *testing.T) {
	t.Parallel()
	anna := startComputer(t, onlyLAN)
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 1000}))
	if err := anna.AllowRelay(t.Context(), sent.ID, -1); !isProblem(err, engine.BadSetting) {
		t.Errorf("less than nothing: %v", err)
	}
	if err := anna.AllowRelay(t.Context(), sent.ID, 5); err != nil {
		t.Errorf("a yes unasked: %v", err)
	}
	if err := anna.AllowRelay(t.Context(), "nobody", 5); err == nil {
		t.Error("a transfer that is none is allowed")
	}
	if err := anna.DenyRelay(t.Context(), "nobody"); err == nil {
		t.Error("a transfer that is none is denied")
	}
}
