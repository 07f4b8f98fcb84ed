package ui

import (
	"slices"
	"strings"
	"testing"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

func TestWhatTheDesktopIsTold(t *testing.T) {
	done := receiving(engine.Complete)
	sent := sending(engine.Complete)
	sent.Receivers = 1
	served := peer("s", path.DirectLAN)
	served.Progress = 1
	fetching := receiving(engine.Transferring)
	fetching.Sender, done.Sender = "Grace's desktop", "Grace's desktop"
	for name, story := range map[string]struct {
		before, after engine.State
		want, named   string
	}{
		"nothing new":         {one(fetching), one(fetching), "", ""},
		"all has arrived":     {one(fetching), one(done), "A transfer is complete.", "“Holiday pictures” has arrived from Grace's desktop."},
		"it was there":        {engine.State{}, one(done), "", ""},
		"a share was ready":   {engine.State{}, one(sending(engine.Waiting)), "", ""},
		"somebody fetches":    {one(sending(engine.Waiting)), one(sending(engine.Transferring), peer("s", path.DirectLAN)), "Somebody receives what you share.", "Grace's desktop receives “Holiday pictures”."},
		"somebody connects":   {one(sending(engine.Waiting)), one(sending(engine.Connecting), peer("s", path.Connecting)), "", ""},
		"somebody goes on":    {one(sending(engine.Transferring), peer("s", path.DirectLAN)), one(sending(engine.Transferring), peer("s", path.DirectLAN)), "", ""},
		"somebody has it":     {one(sending(engine.Waiting)), one(sending(engine.Transferring), served), "", ""},
		"somebody has got it": {one(sending(engine.Transferring), served), one(sent, served), "A receiver has everything that you share.", "“Holiday pictures” has been received in full."},
		"an offer":            {one(offering(false)), offeredBy(true), "Files are offered to you. Look at them and decide.", "Grace's desktop offers you “Holiday pictures”. Look at it and decide."},
		"an offer is asked":   {engine.State{}, one(offering(false)), "", ""},
		"a question":          {one(fetching), one(asking(engine.MonthLimit)), "A transfer waits for your answer: a limit of relayed bytes is reached.", "“Holiday pictures” waits for your answer: a limit of relayed bytes is reached."},
		"a question again":    {one(asking(engine.MonthLimit)), one(asking(engine.MonthLimit)), "", ""},
		"it has failed":       {one(fetching), one(failing(fetching, engine.DiskFull, "/home/ada")), "A transfer has stopped and needs you.", "“Holiday pictures” has stopped and needs you."},
		"it is still failed":  {one(failing(fetching, engine.DiskFull, "/home/ada")), one(failing(fetching, engine.NoPath, "")), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, language := range []string{"en", "zh"} {
				said := words.In(language)
				quiet := told(said, settings.Settings{}, story.before, story.after)
				plain := told(said, settings.Settings{Notify: true}, story.before, story.after)
				named := told(said, settings.Settings{Notify: true, NotifyNames: true}, story.before, story.after)
				if quiet != "" {
					t.Errorf("%s: with notifications off it says %q", language, quiet)
				}
				if strings.Contains(plain, "Holiday") || strings.Contains(plain, "Grace") {
					t.Errorf("%s: %q has a name in it", language, plain)
				}
				if (plain == "") != (story.want == "") {
					t.Errorf("%s: it says %q", language, plain)
				}
				if language == "en" && (plain != story.want || named != story.named) {
					t.Errorf("it says %q and %q,\nwant %q and %q", plain, named, story.want, story.named)
				}
				if strings.Contains(named, "<no value>") || story.named != "" && !strings.Contains(named, "Holiday pictures") {
					t.Errorf("%s: with names it says %q", language, named)
				}
			}
		})
	}
}

func told(w *words.Words, s settings.Settings, before, after engine.State) string {
	var all []string
	for _, n := range announcements(w, s, before, after) {
		all = append(all, n.Content)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}
