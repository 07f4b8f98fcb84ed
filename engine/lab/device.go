//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// tunPath is where Linux gives out TUN devices.
const tunPath = "/dev/net/tun"

// device is a TUN device in a namespace: what the namespace sends can be read
// from it, and the other way round.
type device struct {
	namespace *namespace
	name      string
	file      *os.File
}

// lease is an address of a device, and where it sends what is not near.
type lease struct {
	prefix  netip.Prefix
	gateway netip.Addr // invalid where there is none
}

// openDevice makes a TUN device, which is up and has no address yet.
func openDevice(in *namespace, name string) (*device, error) {
	d := &device{namespace: in, name: name}
	err := in.do(func() error {
		fd, err := unix.Open(tunPath, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != nil {
			return fmt.Errorf("opening %s: %w", tunPath, err)
		}
		request, err := unix.NewIfreq(name)
		if err == nil {
			request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
			err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
		}
		if err != nil {
			unix.Close(fd)
			return fmt.Errorf("making the TUN device %s: %w", name, err)
		}
		d.file = os.NewFile(uintptr(fd), tunPath)
		return nil
	})
	if err == nil {
		err = d.change(func(link netlink.Link) error {
			// A burst of a fast sender fits.
			if err := netlink.LinkSetTxQLen(link, 4000); err != nil {
				return fmt.Errorf("lengthening its queue: %w", err)
			}
			return netlink.LinkSetUp(link)
		})
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// change runs f in the device's namespace.
func (d *device) change(f func(netlink.Link) error) error {
	err := d.namespace.do(func() error {
		link, err := netlink.LinkByName(d.name)
		if err != nil {
			return err
		}
		return f(link)
	})
	if err != nil {
		return fmt.Errorf("lab: changing %s: %w", d.name, err)
	}
	return nil
}

// add gives the device an address and the routes that belong to it.
func (d *device) add(l lease) error {
	return d.change(func(link netlink.Link) error {
		address := &netlink.Addr{IPNet: network(l.prefix), Flags: unix.IFA_F_NODAD}
		if err := netlink.AddrReplace(link, address); err != nil {
			return fmt.Errorf("adding %s: %w", l.prefix, err)
		}
		if err := awaitLocal(l.prefix.Addr()); err != nil {
			return err
		}
		if !l.gateway.IsValid() {
			return nil
		}
		if !l.prefix.Contains(l.gateway) {
			near := &netlink.Route{LinkIndex: link.Attrs().Index, Scope: netlink.SCOPE_LINK,
				Dst: network(netip.PrefixFrom(l.gateway, l.gateway.BitLen()))}
			if err := netlink.RouteReplace(near); err != nil {
				return fmt.Errorf("adding a route to %s: %w", l.gateway, err)
			}
		}
		zero := network(netip.PrefixFrom(netip.IPv4Unspecified(), 0))
		if l.gateway.Is6() {
			zero = network(netip.PrefixFrom(netip.IPv6Unspecified(), 0))
		}
		if err := netlink.RouteReplace(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: zero,
			Gw: l.gateway.AsSlice()}); err != nil {
			return fmt.Errorf("adding a default route by %s: %w", l.gateway, err)
		}
		return nil
	})
}

// awaitLocal waits until an address takes packets in: Linux says that it has an
// IPv6 address somewhat before that.
func awaitLocal(address netip.Addr) error {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		routes, err := netlink.RouteGet(address.AsSlice())
		if err == nil && len(routes) == 1 && routes[0].Type == unix.RTN_LOCAL {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("the address %s does not come up: its route is %v (%v)", address, routes, err)
		}
	}
}

// remove takes an address away; its routes go with it.
func (d *device) remove(l lease) error {
	return d.change(func(link netlink.Link) error {
		err := netlink.AddrDel(link, &netlink.Addr{IPNet: network(l.prefix)})
		if errors.Is(err, unix.EADDRNOTAVAIL) {
			return nil // IPv6 addresses go when the device goes down
		}
		return err
	})
}

func network(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// write hands a packet to the namespace. It is lost where the device is down.
func (d *device) write(p *packet) {
	_, _ = d.file.Write(p.all())
	p.release()
}

// serve hands on what the namespace sends until the device is closed.
func (d *device) serve(ctx context.Context, handle func(*packet)) {
	for {
		p := newPacket()
		size, err := d.file.Read(p.buffer[:])
		switch {
		case err == nil && p.parse(size):
			handle(p)
			continue
		case errors.Is(err, os.ErrClosed):
			p.release()
			return
		}
		p.release()
		if err != nil {
			select {
			case <-ctx.Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}

func (d *device) close() {
	if d.file != nil {
		_ = d.file.Close()
	}
}

func (d *device) setUp(up bool) error {
	return d.change(func(link netlink.Link) error {
		if up {
			return netlink.LinkSetUp(link)
		}
		return netlink.LinkSetDown(link)
	})
}
