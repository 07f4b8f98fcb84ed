package engine

import (
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
)

// toldFindings are what a peer says of its network. It may say anything: what
// makes no sense is left out, and is no reason not to talk to it.
type toldFindings struct{ netcheck.Findings }

// MarshalJSON writes the findings alone.
func (f toldFindings) MarshalJSON() ([]byte, error) { return json.Marshal(f.Findings) }

// UnmarshalJSON never fails.
func (f *toldFindings) UnmarshalJSON(text []byte) error {
	var told netcheck.Findings
	if json.Unmarshal(text, &told) == nil {
		f.Findings = checkedFindings(told)
	}
	return nil
}

// portStepLimit bounds the step of a NAT's ports that makes sense.
const portStepLimit = 1024

// checkedFindings keeps what is known of a peer's words.
func checkedFindings(f netcheck.Findings) netcheck.Findings {
	behaviours := []netcheck.Behaviour{netcheck.EndpointIndependent, netcheck.AddressDependent, netcheck.AddressAndPortDependent}
	f.UDP = among(f.UDP, netcheck.Open, netcheck.Blocked)
	f.Mapping, f.Filtering = among(f.Mapping, behaviours...), among(f.Filtering, behaviours...)
	f.PortMapping = among(f.PortMapping, portmap.PCP, portmap.NATPMP, portmap.UPnP)
	f.Policy = among(f.Policy, path.Auto, path.DirectOnly, path.LANOnly, path.RelayOnly)
	if f.PortStep < -portStepLimit || f.PortStep > portStepLimit {
		f.PortStep = 0
	}
	return f
}

// among returns word if it is one of those known, else nothing.
func among[T ~string](word T, known ...T) T {
	if slices.Contains(known, word) {
		return word
	}
	return ""
}

// explain says why the path to a peer is what it is, or what to expect while
// there is none.
func (o *owner) explain(p *peerLink) netcheck.Explanation {
	status := p.status
	return netcheck.Explain(o.findings(), p.findings, netcheck.Actual{
		Path: status.Path, Opening: string(status.Opening), IPv6: isIPv6(status.Local) && isIPv6(status.Remote),
	})
}

// explainFailure says why there is no path to a peer, and what would give one.
func (o *owner) explainFailure(p *peerLink) *netcheck.Explanation {
	why := netcheck.Explain(o.findings(), p.findings, netcheck.Actual{Path: path.Connecting, Failed: true})
	return &why
}

// explainAgain lets the explanation of why there is no path tell what is known
// by now: two computers that start at the same moment know little of their
// networks when they first meet. p is nil where nobody was met.
func (o *owner) explainAgain(t *transfer, p *peerLink) {
	if p == nil || t.problem == nil || t.problem.Code != NoPath {
		return
	}
	again := *t.problem // the other one is published
	again.Explanation = o.explainFailure(p)
	again.Err = o.withoutRelay(again.Err)
	t.problem = &again
}

func isIPv6(c path.Candidate) bool {
	at, err := netip.ParseAddrPort(c.Address)
	return err == nil && at.Addr().Unmap().Is6()
}

// forecast is what to expect of a peer behind a usual home router.
func (o *owner) forecast() netcheck.Explanation {
	return netcheck.Explain(o.findings(), netcheck.HomeRouter(), netcheck.Actual{})
}

// pathProblem names why no link came up; nil where it is no news to the user.
// p is nil where nobody was met.
func (o *owner) pathProblem(err error, p *peerLink) *Problem {
	problem := &Problem{Err: err}
	if p != nil {
		problem.Explanation = o.explainFailure(p)
	}
	switch {
	case errors.Is(err, link.ErrNoRelay):
		problem.Code = NoRelay
	case errors.Is(err, link.ErrPolicy):
		problem.Code, problem.Subject = PolicyBlocked, string(o.settings.Policy)
	case !errors.Is(err, link.ErrNoPath) && !errors.Is(err, link.ErrHandshake):
		return nil
	case o.settings.Policy == path.RelayOnly && o.relaysFail() != nil:
		problem.Code, problem.Err = NoRelay, o.relaysFail()
	case p != nil && o.forbids(p):
		problem.Code, problem.Subject = PolicyBlocked, string(o.settings.Policy)
	default:
		problem.Code, problem.Err = NoPath, o.withoutRelay(err)
	}
	return problem
}

// withoutRelay adds what the TURN servers answered to why there is no path, so
// that nobody is told to add a relay that is there and refuses.
func (o *owner) withoutRelay(cause error) error {
	if known, ok := errors.AsType[*pathFailure](cause); ok {
		cause = known.cause
	}
	relays := o.relaysFail()
	if relays == nil || !orAuto(o.settings.Policy).Permits(path.Relayed) {
		return cause
	}
	return &pathFailure{cause, relays}
}

// pathFailure is why there is no path, with why no relay gives one.
type pathFailure struct{ cause, relays error }

// Error is one line.
func (f *pathFailure) Error() string {
	return f.cause.Error() + "; " + strings.ReplaceAll(f.relays.Error(), "\n", "; ")
}

func (f *pathFailure) Unwrap() []error { return []error{f.cause, f.relays} }

// forbids reports whether the policy stands between this computer and a peer
// that was met: in another network, or with a relay on either side.
func (o *owner) forbids(p *peerLink) bool {
	switch o.settings.Policy {
	case path.LANOnly:
		return true
	case path.DirectOnly:
		return p.relays || p.findings.Relay || len(o.settings.TURN) > 0 && o.relaysFail() == nil
	}
	return false
}

// relaysFail says why none of the TURN servers can be used; nil where one can,
// or may.
func (o *owner) relaysFail() error {
	var why []error
	for _, server := range o.settings.TURN {
		failure := o.network.relays[server].failure
		if failure == nil {
			return nil
		}
		why = append(why, &relayFailure{relayName(server.URL), failure})
	}
	return errors.Join(why...)
}

// relayFailure is what a TURN server has answered.
type relayFailure struct {
	server  string
	failure *netcheck.Failure
}

func (f *relayFailure) Error() string {
	text := f.server + ": " + string(f.failure.Reason)
	if f.failure.Err != nil {
		text += ": " + f.failure.Err.Error()
	}
	return text
}

func (f *relayFailure) Unwrap() error { return f.failure.Err }
