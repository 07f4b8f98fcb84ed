package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-app/causeway/engine"
)

// failed is a transfer that failed with a problem.
func failed(code engine.ProblemCode) engine.Transfer {
	return engine.Transfer{Phase: engine.Failed, Problem: &engine.Problem{Code: code}}
}

func TestAJobWithoutAPathTriesForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pathless time.Time
		if err := (job{}).failure(failed(engine.NoPath), &pathless); err != nil {
			t.Fatalf("it gives up at once: %v", err)
		}
		time.Sleep(pathPatience - time.Second)
		// A link came up and went: the time starts anew.
		if err := (job{}).failure(engine.Transfer{Phase: engine.Transferring}, &pathless); err != nil {
			t.Fatal(err)
		}
		if err := (job{}).failure(failed(engine.NoPath), &pathless); err != nil {
			t.Fatalf("it gives up at once after a link: %v", err)
		}
		time.Sleep(pathPatience)
		err := (job{}).failure(failed(engine.NoPath), &pathless)
		var problem *engine.Problem
		if !errors.As(err, &problem) || problem.Code != engine.NoPath {
			t.Errorf("after %v: %v", pathPatience, err)
		}
		if err := (job{stays: true}).failure(failed(engine.NoPath), &pathless); err != nil {
			t.Errorf("a share for many ends with one who has no path: %v", err)
		}
	})
}

func TestOtherProblemsEndAJobAtOnce(t *testing.T) {
	for code, c := range map[engine.ProblemCode]struct{ once, stays bool }{
		engine.PolicyBlocked: {true, false}, engine.DiskFull: {true, true}, engine.SourceChanged: {true, true},
	} {
		var pathless time.Time
		if got := (job{}).failure(failed(code), &pathless) != nil; got != c.once {
			t.Errorf("%s ends a job: %v", code, got)
		}
		if got := (job{stays: true}).failure(failed(code), &pathless) != nil; got != c.stays {
			t.Errorf("%s ends a job that stays: %v", code, got)
		}
	}
	var pathless time.Time
	waiting := engine.Transfer{Phase: engine.Waiting, Problem: &engine.Problem{Code: engine.NoRendezvous}}
	if err := (job{}).failure(waiting, &pathless); err != nil {
		t.Errorf("a rendezvous that does not answer ends a job: %v", err)
	}
}

func TestAJobWhoseRelayedBytesWaitTriesForADirectPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pathless time.Time
		waits := engine.Transfer{Phase: engine.Transferring, Question: &engine.RelayQuestion{Limit: engine.MonthLimit}}
		if err := (job{}).failure(waits, &pathless); err != nil {
			t.Fatalf("it gives up at once: %v", err)
		}
		time.Sleep(relayPatience - time.Second)
		direct := waits
		direct.Rate = 1000 // from another peer
		if err := (job{}).failure(direct, &pathless); err != nil {
			t.Fatal(err)
		}
		if err := (job{}).failure(waits, &pathless); err != nil {
			t.Fatalf("it gives up although bytes moved: %v", err)
		}
		time.Sleep(relayPatience)
		if err := (job{stays: true}).failure(waits, &pathless); err != nil {
			t.Errorf("a share for many ends: %v", err)
		}
		err := (job{}).failure(waits, &pathless)
		var problem *engine.Problem
		if !errors.As(err, &problem) || problem.Code != engine.RelayLimitReached || exitFor(err).Code != exitNoPath {
			t.Errorf("after %v: %v", relayPatience, err)
		}
	})
}
