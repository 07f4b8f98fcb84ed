//go:build window

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-app/causeway/app/internal/screen"
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine/lab"
)

// Who may use the relay of the story; the password is mistyped first.
const relayUser, relayPassword = "ada", "correct-horse"

// neighbourhood is a small internet: a rendezvous, a relay, two STUN servers,
// and two homes whose routers let no stranger in. To begin with nothing passes
// from home to home.
type neighbourhood struct {
	*lab.Lab
	ada, grace *desktop
	turn       string
	join       func()
}

func newNeighbourhood(t *testing.T, d *desktop) *neighbourhood {
	t.Helper()
	n := &neighbourhood{Lab: lab.New(t, lab.Options{Delay: 5 * time.Millisecond})}
	first, second := n.serve(t, "server"), n.serve(t, "second")
	ada, grace := n.Home("ada", lab.PortRestricted), n.Home("grace", lab.PortRestricted)
	n.Cut(ada, grace)
	n.join = func() { n.Join(ada, grace) }
	n.turn = first.TURN[0]
	for host, at := range map[*lab.Host]**desktop{ada: &n.ada, grace: &n.grace} {
		there := *d
		there.rendezvous, there.stun = first.Rendezvous[0], []string{first.STUN[0], second.STUN[0]}
		there.wrap = func(here *exec.Cmd) *exec.Cmd {
			command := host.Command(context.Background(), here.Path, here.Args[1:]...)
			command.Env = here.Env
			return command
		}
		*at = &there
	}
	return n
}

// serving is the first line of "serve --json".
type serving struct{ Rendezvous, STUN, TURN []string }

func (n *neighbourhood) serve(t *testing.T, name string) (s serving) {
	t.Helper()
	host := n.Server(name)
	ip := host.IP4().String()
	server := host.Command(context.Background(), programOf(t, serverVariable), "serve", "--json", "--listen", net.JoinHostPort(ip, "8000"),
		"--turn-listen", net.JoinHostPort(ip, "3478"), "--user", relayUser+":"+relayPassword)
	said, err := server.StdoutPipe()
	must(t, err)
	must(t, server.Start())
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	line, err := bufio.NewReader(said).ReadString('\n')
	must(t, err)
	must(t, json.Unmarshal([]byte(line), &s))
	return s
}

// TestTheStoryOfTwoHomes is what two people meet from the first start on: the
// welcome, a relay that is entered with a typing mistake, a share, an offer, a
// path that becomes direct while bytes flow, a pause, another language, and the
// end while something is running. A picture of each step is kept.
func TestTheStoryOfTwoHomes(t *testing.T) {
	d := newDesktop(t)
	n := newNeighbourhood(t, d)
	ada := n.ada.startWith(t, "", "Causeway of Ada", 0, "--limit-up", "900k")
	must(t, ada.Focus())

	// The first run.
	ada.find(t, "button", "Start", patience)
	must(t, d.screen.Press('a', screen.Control))
	must(t, d.screen.Type("Ada's laptop"))
	time.Sleep(settled)
	ada.photograph(t, "story-01-first-run")
	must(t, d.screen.Press(screen.Return))
	ada.find(t, "button", "Files", patience)
	time.Sleep(settled)
	ada.photograph(t, "story-02-empty")

	addRelay(t, d, ada, n.turn)

	// Ada drops a folder, and Grace gets the invitation.
	must(t, d.screen.Press('1', screen.Control))
	holiday := makeFolder(t)
	must(t, ada.Drop(holiday))
	ada.press(t, "Copy invitation")
	invitation := d.clipboard(t, "causeway:")
	time.Sleep(settled)
	ada.photograph(t, "story-07-shared")

	grace := n.grace.startWith(t, `{"version":1,"welcomed":true,"ask_first":true,"name":"Grace's desktop"}`,
		"Causeway of Grace", windowWidth+10)
	must(t, grace.Focus())
	grace.clickOn(t, grace.find(t, "entry", "causeway:", patience))
	must(t, d.screen.Type(invitation))
	must(t, d.screen.Press(screen.Return))
	grace.find(t, "button", "Accept 24", patience)
	time.Sleep(settled)
	grace.photograph(t, "story-08-offered")
	must(t, d.screen.Press(screen.Return))

	// By the relay at first, and directly as soon as that is possible.
	both := func(name string) {
		time.Sleep(settled)
		ada.photograph(t, name+"-sending")
		grace.photograph(t, name+"-receiving")
	}
	grace.says(t, "Relayed", patience)
	ada.says(t, "Relayed", patience)
	grace.reaches(t, 8, 60, patience)
	both("story-09-relayed")
	n.join()
	grace.says(t, "Direct - internet", patience)
	ada.says(t, "Direct - internet", patience)
	grace.reaches(t, 25, 80, patience)
	both("story-10-direct")
	openDrawer(t, d, ada)

	// Grace pauses and goes on.
	grace.press(t, "Pause")
	grace.says(t, "Paused", patience)
	ada.says(t, "has paused", patience)
	ada.rests(t, patience)
	grace.rests(t, patience)
	both("story-12-paused")
	grace.press(t, "Resume")
	grace.says(t, "Direct - internet", patience)

	speakChinese(t, d, grace)

	// Ada ends while Grace still fetches.
	must(t, ada.Focus())
	must(t, ada.Close())
	ada.find(t, "button", "Keep going", patience)
	ada.photograph(t, "story-14-ends")
	ada.within(t, time.Second, func() error {
		ada.press(t, "Quit")
		return nil
	})
	grace.within(t, time.Second, func() error { return grace.command.Process.Signal(syscall.SIGTERM) })
}

// settled is how long hover effects and the like may take to be drawn.
const settled = 300 * time.Millisecond

// addRelay enters a relay with a wrong password, which Test tells, and mends it.
func addRelay(t *testing.T, d *desktop, ada *running, turn string) {
	t.Helper()
	must(t, d.screen.Press('2', screen.Control))
	ada.says(t, "Passes to the internet and back", patience)
	time.Sleep(settled)
	ada.photograph(t, "story-03-network")
	ada.press(t, "Add a relay")
	ada.find(t, "entry", "turn:", patience)
	must(t, d.screen.Type(turn))
	const field = 200 // from its label
	ada.beside(t, "Username", field)
	must(t, d.screen.Type(relayUser))
	ada.beside(t, "Password", field)
	must(t, d.screen.Type("wrong"))
	ada.press(t, "Test")
	ada.says(t, "(401)", patience)
	time.Sleep(settled)
	ada.photograph(t, "story-04-wrong-password")
	ada.beside(t, "Password", field)
	must(t, d.screen.Press('a', screen.Control))
	must(t, d.screen.Type(relayPassword))
	ada.press(t, "Test")
	ada.says(t, "This relay works.", patience)
	time.Sleep(settled)
	ada.photograph(t, "story-05-relay-works")
	ada.press(t, "Save")
	ada.says(t, "Works", patience)
	time.Sleep(settled)
	ada.photograph(t, "story-06-relay-added")
}

// openDrawer looks at everything about a connection.
func openDrawer(t *testing.T, d *desktop, ada *running) {
	t.Helper()
	ada.clickOn(t, ada.find(t, "text", "Grace's desktop", patience))
	ada.says(t, "Encryption words", patience)
	time.Sleep(settled)
	ada.photograph(t, "story-11-connection")
	must(t, ada.Focus())
	must(t, d.screen.Press(screen.Escape))
}

// speakChinese changes the language while bytes flow.
func speakChinese(t *testing.T, d *desktop, grace *running) {
	t.Helper()
	must(t, grace.Focus())
	must(t, d.screen.Press('4', screen.Control))
	grace.clickOn(t, grace.find(t, "text", "As the system", patience))
	grace.clickOn(t, grace.find(t, "text", "简体中文", patience))
	chinese := words.In("zh")
	grace.says(t, chinese.Say("rail.transfers", nil), patience)
	time.Sleep(settled)
	grace.photograph(t, "story-13-settings-in-chinese")
	must(t, d.screen.Press('1', screen.Control))
	grace.says(t, chinese.Say("path.direct-internet", nil), patience)
	time.Sleep(settled)
	grace.photograph(t, "story-13-transfers-in-chinese")
}
