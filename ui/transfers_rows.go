package ui

import (
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// keptDetail is a detail and where its parts go, kept until what it is made of
// changes.
type keptDetail struct {
	transfer engine.Transfer
	peers    int
	leader   string
	// whole are the peers that have everything; day is the one that times of day
	// are told from.
	whole  string
	day    time.Time
	detail detail
	plan   detailPlan
}

// keptStory is the story of a peer, kept until what it is made of changes.
type keptStory struct {
	peer   engine.Peer
	text   string
	height float32
}

// group finds the peers of each transfer, which stand together.
func (p *transfersPage) group(peers []engine.Peer) {
	clear(p.peers)
	for begin := 0; begin < len(peers); {
		id, end := peers[begin].Transfer, begin+1
		for end < len(peers) && peers[end].Transfer == id {
			end++
		}
		if known := p.peers[id]; known != nil {
			p.peers[id] = slices.Concat(known, peers[begin:end])
		} else {
			p.peers[id] = peers[begin:end:end]
		}
		begin = end
	}
}

// arrangeRows makes the entries and the rows of the state. It does as little as
// it can for what is not in sight.
func (p *transfersPage) arrangeRows() []listed {
	p.entries, p.rows = p.entries[:0], p.rows[:0]
	clear(p.at)
	for _, t := range slices.Backward(p.state.Transfers) {
		e := entry{transfer: t, expanded: p.expanded[t.ID] && t.Phase != engine.Offered}
		if t.Problem != nil {
			e.problemHeight = p.ruler.small(Sentence(p.window.words, t.Problem), p.sentenceWidth())
			e.remedy = problemHelp(p.window.words, t, len(p.window.keeper.taken.TURN) > 0)
		}
		if e.question = questionOf(p.window.words, t); e.question != (question{}) {
			e.questionHeight = questionHeight(p.ruler.normal(e.question.text, p.sentenceWidth()-questionIndent))
		}
		p.at[t.ID] = len(p.entries)
		p.entries = append(p.entries, e)
		p.rows = append(p.rows, listed{rowKey{transfer: t.ID}, e.height()})
		if e.expanded {
			p.unfold(t)
		}
	}
	p.forgetOthers()
	return p.rows
}

// sentenceWidth is how wide a sentence in a row may be.
func (p *transfersPage) sentenceWidth() float32 { return max(p.width-rowText-rowPad, 200) }

// unfold adds the rows of a transfer that are unfolded.
func (p *transfersPage) unfold(t engine.Transfer) {
	p.rows = append(p.rows, listed{rowKey{transfer: t.ID, part: detailPart}, p.detailOf(t).plan.height()})
	peers := p.peers[t.ID]
	for i := range peers {
		key := rowKey{transfer: t.ID, part: peerPart, peer: peers[i].ID}
		line := peerEntry{storyHeight: p.storyOf(key, &peers[i]).height}
		p.rows = append(p.rows, listed{key, line.height()})
	}
	p.rows[len(p.rows)-1].height += cardBottom
}

// detailOf is the detail of a transfer, made anew only where it has changed.
func (p *transfersPage) detailOf(t engine.Transfer) *keptDetail {
	peers := p.peers[t.ID]
	leader, _ := leading(t, peers)
	now := p.window.now()
	complete, day := wholeNames(peers), startOfDay(now)
	kept := p.details[t.ID]
	if kept != nil && sameTransfer(kept.transfer, t) && kept.transfer.Question == t.Question && kept.peers == len(peers) &&
		kept.leader == leader.Relay && kept.whole == complete && kept.day.Equal(day) && kept.plan.width == p.width {
		return kept
	}
	if kept == nil {
		kept = &keptDetail{}
		p.details[t.ID] = kept
	}
	kept.transfer, kept.peers, kept.leader, kept.whole, kept.day = t, len(peers), leader.Relay, complete, day
	if made := detailOf(p.window.words, t, peers, p.window.keeper.taken.Policy, now); made != kept.detail || kept.plan.width != p.width {
		kept.detail, kept.plan = made, planDetail(made, p.width, p.ruler)
	}
	return kept
}

// wholeNames tells apart which peers have everything.
func wholeNames(peers []engine.Peer) string {
	var names strings.Builder
	for i := range peers {
		if whole(peers[i]) {
			names.WriteString(peers[i].Name)
			names.WriteByte('\n')
		}
	}
	return names.String()
}

func startOfDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// storyOf is the story of a peer, told anew only where it has changed.
func (p *transfersPage) storyOf(key rowKey, peer *engine.Peer) *keptStory {
	kept := p.stories[key]
	if kept != nil && sameStory(&kept.peer, peer) {
		return kept
	}
	told := &keptStory{peer: *peer, text: story(p.window.words, *peer)}
	width := p.sentenceWidth()
	told.height = p.ruler.small(told.text, max(width-storyLeft(width), 200))
	p.stories[key] = told
	return told
}

// forgetOthers drops what is kept of transfers and peers that are gone, once
// there is much of it.
func (p *transfersPage) forgetOthers() {
	if len(p.stories) > len(p.state.Peers)+100 {
		clear(p.stories)
	}
	if len(p.details) > len(p.entries) {
		clear(p.details)
	}
	for id := range p.expanded {
		if _, found := p.at[id]; !found && len(p.expanded) > len(p.entries)+100 {
			delete(p.expanded, id)
		}
	}
}

func (p *transfersPage) newRowOf(part rowPart) fyne.CanvasObject {
	switch part {
	case headPart:
		return newRow(p.window.words, p)
	case detailPart:
		return newDetailRow(p.window.words, p)
	default:
		return newPeerLine(p.window.words, p.tapped)
	}
}

// fillRow has a widget show the row at an index.
func (p *transfersPage) fillRow(index int, object fyne.CanvasObject) {
	key := p.rows[index].key
	e := p.entries[p.at[key.transfer]]
	switch shown := object.(type) {
	case *row:
		shown.show(p.headOf(e))
	case *detailRow:
		kept := p.detailOf(e.transfer)
		shown.show(e.transfer, kept.detail, kept.plan)
	case *peerLine:
		shown.show(p.lineOf(key, index))
	}
}

func (p *transfersPage) headOf(e entry) head {
	face, tip, found := badge(p.window.words, e.transfer, p.peers[e.transfer.ID], p.window.keeper.taken.Policy, p.window.now())
	return head{entry: e, face: face, badged: found, tip: tip}
}

// lineOf is the line of a peer, whose row is at an index.
func (p *transfersPage) lineOf(key rowKey, index int) peerEntry {
	first := index
	for p.rows[first].key.part == peerPart {
		first--
	}
	peer := p.peers[key.transfer][index-first-1]
	w, kept := p.window.words, p.storyOf(key, &peer)
	better := switching(peer, p.window.now())
	tip := pathTip(w, peer.Path, peer.Relay, p.window.keeper.taken.Policy, better)
	return peerEntry{Peer: peer, switching: better, story: kept.text, storyHeight: kept.height, tip: w.Sentences(tip, kept.text)}
}

// ruler measures paragraphs, and remembers what it has measured.
type ruler struct {
	caption, text *look.Paragraph
	known         map[measured]float32
}

type measured struct {
	text  string
	width float32
	small bool
}

// mostMeasured bounds what a ruler remembers.
const mostMeasured = 4000

func newRuler() *ruler {
	return &ruler{caption: look.NewParagraph(""), text: newReason(), known: map[measured]float32{}}
}

func (r *ruler) forget() { clear(r.known) }

func (r *ruler) small(text string, width float32) float32 {
	return r.measure(r.caption, text, width, true)
}

func (r *ruler) normal(text string, width float32) float32 {
	return r.measure(r.text, text, width, false)
}

func (r *ruler) measure(with *look.Paragraph, text string, width float32, small bool) float32 {
	if text == "" {
		return 0
	}
	key := measured{text, width, small}
	if height, found := r.known[key]; found {
		return height
	}
	if len(r.known) >= mostMeasured {
		clear(r.known)
	}
	with.SetText(text)
	height := with.HeightFor(width)
	r.known[key] = height
	return height
}
