package engine

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/causeway-app/causeway/engine/path"
)

// metricsType is the text format of Prometheus.
const metricsType = "text/plain; version=0.0.4; charset=utf-8"

// metricFamily is a metric with all its samples.
type metricFamily struct {
	name, help string
	counter    bool // it only grows, from the start of this process
	samples    []metricSample
}

// metricSample is a value with its labels, names and values in turn. No label
// names a file, a share or a peer.
type metricSample struct {
	labels []string
	value  int64
}

// escaped are the characters that mean something in a label's value.
var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// writeMetrics writes families in the order in which they come.
func writeMetrics(to io.Writer, families []metricFamily) error {
	w := bufio.NewWriter(to)
	for _, f := range families {
		kind := "gauge"
		if f.counter {
			kind = "counter"
		}
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, kind)
		for _, s := range f.samples {
			w.WriteString(f.name)
			for i := 0; i+1 < len(s.labels); i += 2 {
				opening := ","
				if i == 0 {
					opening = "{"
				}
				fmt.Fprintf(w, `%s%s="%s"`, opening, s.labels[i], escaped.Replace(s.labels[i+1]))
			}
			if len(s.labels) > 0 {
				w.WriteByte('}')
			}
			w.WriteString(" " + strconv.FormatInt(s.value, 10) + "\n")
		}
	}
	return w.Flush()
}

// metrics is what can be read of this program now.
func (o *owner) metrics() []metricFamily {
	s := o.state.Load()
	up, down := o.limits()
	return []metricFamily{
		{name: "causeway_payload_bytes_total", help: "Payload exchanged with peers, by path.", counter: true, samples: o.carriedSamples()},
		{name: "causeway_month_bytes", help: "Bytes of this calendar month, in and out, by relays of the settings and without a relay.", samples: []metricSample{
			{[]string{"by", "direct"}, s.Network.Usage.DirectBytes}, {[]string{"by", "relay"}, s.Network.Usage.Bytes},
		}},
		{name: "causeway_relay_month_bytes", help: "Bytes of this calendar month, in and out, by relay.", samples: relaySamples(s.Network.Relays)},
		{name: "causeway_transfers", help: "Transfers, by phase.", samples: phaseSamples(s.Transfers)},
		{name: "causeway_peers", help: "Peers, by path.", samples: peerSamples(s.Peers)},
		{name: "causeway_rendezvous", help: "Rendezvous servers in use, and whether they are connected.", samples: rendezvousSamples(s.Network.Rendezvous)},
		{name: "causeway_limit_bytes_per_second", help: "Limits that hold now; 0 is none.", samples: []metricSample{
			{[]string{"direction", "in"}, down}, {[]string{"direction", "out"}, up},
		}},
		{name: "causeway_serving", help: "Whether this computer is a rendezvous and relay for others.", samples: single(s.Network.Serving.Running)},
		{name: "causeway_serving_allocations", help: "Connections that are relayed for others now.", samples: []metricSample{{value: int64(s.Network.Serving.Allocations)}}},
		{name: "causeway_serving_bytes", help: "Bytes relayed for others since that runs.", samples: []metricSample{{value: s.Network.Serving.Bytes}}},
	}
}

func single(yes bool) []metricSample {
	if yes {
		return []metricSample{{value: 1}}
	}
	return []metricSample{{value: 0}}
}

// usedPaths are the paths that bytes can take.
var usedPaths = []path.Kind{path.DirectLAN, path.DirectInternet, path.Relayed}

func (o *owner) carriedSamples() (samples []metricSample) {
	for _, kind := range usedPaths {
		sum := o.metering.carried[kind]
		samples = append(samples,
			metricSample{[]string{"path", string(kind), "direction", "in"}, sum.in},
			metricSample{[]string{"path", string(kind), "direction", "out"}, sum.out})
	}
	return samples
}

// relaySamples names servers once that differ in their credentials only.
func relaySamples(relays []Relay) (samples []metricSample) {
	used := map[string]int64{}
	for _, relay := range relays {
		used[relayName(relay.URL)] = relay.MonthBytes
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		samples = append(samples, metricSample{[]string{"relay", name}, used[name]})
	}
	return samples
}

// phases are shown with a zero too.
var phases = []Phase{Offered, Preparing, Waiting, Connecting, Transferring, Complete, Paused, Failed}

func phaseSamples(transfers []Transfer) []metricSample {
	count := map[string]int64{}
	for _, phase := range phases {
		count[string(phase)] = 0
	}
	for _, t := range transfers {
		count[string(t.Phase)]++
	}
	return countSamples("phase", count)
}

// peerSamples counts a peer once, however many transfers it has a part in.
func peerSamples(peers []Peer) []metricSample {
	count, seen := map[string]int64{}, map[string]bool{}
	for _, kind := range append(slices.Clone(usedPaths), path.Connecting) {
		count[string(kind)] = 0
	}
	for _, p := range peers {
		if !seen[p.ID] {
			seen[p.ID] = true
			count[string(p.Path)]++
		}
	}
	return countSamples("path", count)
}

// rendezvousSamples names no address: those of invitations are peers'.
func rendezvousSamples(all []Rendezvous) []metricSample {
	count := map[string]int64{"yes": 0, "no": 0}
	for _, r := range all {
		if r.Connected {
			count["yes"]++
		} else {
			count["no"]++
		}
	}
	return countSamples("connected", count)
}

func countSamples(label string, count map[string]int64) (samples []metricSample) {
	for _, name := range slices.Sorted(maps.Keys(count)) {
		samples = append(samples, metricSample{[]string{label, name}, count[name]})
	}
	return samples
}
