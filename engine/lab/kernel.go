//go:build linux

package lab

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
)

// kernel is a namespace in which Linux itself translates, between a device on
// the inside and one on the outside.
type kernel struct {
	space           *namespace
	inside, outside *device
}

// startKernel lets Linux translate, or skips the test where it cannot.
func (r *Router) startKernel(how Kernel) {
	t := r.lab.t
	t.Helper()
	space, err := newNamespace()
	if err != nil {
		t.Fatalf("lab: a namespace for %s: %v", r.name, err)
	}
	r.lab.onClose(space.close)
	k := &kernel{space: space}
	k.inside = r.kernelDevice(space, "lan0", lease{prefix: leaseAt(r.network, 1).prefix})
	k.outside = r.kernelDevice(space, "wan0", *r.outside.Load())
	if err := space.do(func() error {
		return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0)
	}); err != nil {
		t.Fatalf("lab: letting Linux forward: %v", err)
	}
	if err := space.restoreTables(kernelRules(how)); err != nil {
		skip(t, err)
	}
	r.kernel = k
	r.lab.work.Go(func() { k.outside.serve(r.lab.ctx, r.up.send) })
	r.lab.work.Go(func() { k.inside.serve(r.lab.ctx, r.toInside) })
}

func (r *Router) kernelDevice(space *namespace, name string, l lease) *device {
	r.lab.t.Helper()
	d, err := openDevice(space, name)
	if err != nil {
		r.lab.t.Fatalf("lab: %s: %v", r.name, err)
	}
	r.lab.onClose(d.close)
	if err := d.add(l); err != nil {
		r.lab.t.Fatalf("lab: %s: %v", r.name, err)
	}
	return d
}

// kernelRules are in the format of iptables-restore. A packet that nobody
// asked for is dropped before Linux remembers it: otherwise it keeps the port
// that the inside's own packets to the same peer would leave from, and gives
// them another.
func kernelRules(how Kernel) string {
	random, unsolicited := "", "DROP"
	switch how {
	case MasqueradeRandom:
		random = " --random-fully"
	case MasqueradeAccepting:
		unsolicited = "ACCEPT"
	}
	return strings.Join([]string{
		"*nat",
		"-A POSTROUTING -o wan0 -j MASQUERADE" + random,
		"COMMIT",
		"*filter",
		"-A FORWARD -i wan0 -m conntrack --ctstate NEW,INVALID -j DROP",
		"-A INPUT -i wan0 -m conntrack --ctstate NEW,INVALID -j " + unsolicited,
		"COMMIT", "",
	}, "\n")
}

// restoreTables gives iptables its rules within the namespace.
func (n *namespace) restoreTables(rules string) error {
	program, err := lookUp("iptables-restore")
	if err != nil {
		return fmt.Errorf("lab: Linux cannot translate here: %w", err)
	}
	restore := exec.Command("nsenter", "--net="+n.path(), "--", program)
	restore.Stdin = strings.NewReader(rules)
	if said, err := restore.CombinedOutput(); err != nil {
		return fmt.Errorf("lab: Linux cannot translate here: iptables-restore: %w: %s", err, said)
	}
	return nil
}

// toKernel takes a packet that leaves through Linux's translation.
func (r *Router) toKernel(from *node, p *packet) {
	rules := r.rules.Load()
	switch {
	case rules.blocks(p):
		r.reject(from, p, "blocked")
	case rules.DropPrivate && private(netip.AddrFrom16(p.to.address).Unmap()):
		r.reject(from, p, "private")
	default:
		r.kernel.inside.write(p)
	}
}

// readdressKernel changes the outside address; Linux forgets its mappings then.
func (r *Router) readdressKernel(before, after lease) {
	r.lab.t.Helper()
	if err := r.kernel.outside.remove(before); err != nil {
		r.lab.t.Fatal(err)
	}
	if err := r.kernel.outside.add(after); err != nil {
		r.lab.t.Fatal(err)
	}
}
