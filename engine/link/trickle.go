package link

import (
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"
)

// knownLimit bounds the peer's candidates that are remembered for a restart.
const knownLimit = 2 * candidateLimit

// gathered tells the peer of a candidate that its description lacks, as soon as
// there is a link, and reports whether it is one.
func (l *Link) gathered(line string) bool {
	candidate, ok := l.filter().local(line)
	if !ok || l.described[candidate] {
		return false
	}
	l.described[candidate] = true
	l.signal(signal{Candidate: candidate})
	return true
}

// candidateCame takes a late candidate of the peer, under the same rules as
// those in its description. A peer that sends too many is not heard.
func (l *Link) candidateCame(line string) {
	if len(line) > 512 || !l.state.candidates.Allow() {
		return
	}
	candidate, ok := l.filter().remote(strings.TrimPrefix(line, "a="))
	if !ok || slices.Contains(l.theirs.candidates, candidate) {
		return
	}
	l.theirs.candidates = append(l.theirs.candidates, candidate)
	if over := len(l.theirs.candidates) - knownLimit; over > 0 {
		l.theirs.candidates = slices.Delete(l.theirs.candidates, candidateLimit, candidateLimit+over)
	}
	l.addCandidate(candidate)
}

func (l *Link) addCandidate(candidate string) {
	if err := l.peer.AddICECandidate(webrtc.ICECandidateInit{Candidate: candidate}); err != nil {
		l.log.Debug("a late candidate cannot be used", "peer", l.remote, "error", err)
	}
}
