package portmap

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"golang.org/x/net/ipv4"
)

// Finding UPnP devices: section 1.3 of the UPnP Device Architecture 1.1.
const (
	ssdpGroup = "239.255.255.250"
	ssdpPort  = 1900
	// deviceLimit bounds the devices that are looked at.
	deviceLimit = 8
)

// The devices to look for, those that are rare later. What answers is read all
// the same only if it has the service.
var ssdpTargets = [][]string{
	{"urn:schemas-upnp-org:device:InternetGatewayDevice:1", "urn:schemas-upnp-org:device:InternetGatewayDevice:2"},
	{
		"urn:schemas-upnp-org:device:InternetGatewayDevice:1", "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
		"urn:schemas-upnp-org:service:WANIPConnection:1", "urn:schemas-upnp-org:service:WANPPPConnection:1",
	},
}

// ssdpRounds are when the search is sent: the network may lose it.
var ssdpRounds = []time.Duration{0, 300 * time.Millisecond, time.Second}

// discover sends SSDP searches until ctx ends, and hands on each device that
// may be a router of the own network, once.
func discover(ctx context.Context, r route, found func(device)) error {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.local, 0)))
	if err != nil {
		return fmt.Errorf("portmap: SSDP: %w", err)
	}
	defer conn.Close()
	sent := make(chan struct{})
	defer func() { <-sent }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	sending, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(sent)
		searchDevices(sending, conn, r)
	}()
	var seen []string
	buffer := make([]byte, 4096)
	for len(seen) < deviceLimit {
		count, from, err := conn.ReadFromUDPAddrPort(buffer)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			time.Sleep(time.Millisecond) // ICMP's doing, or one that stays
			continue
		}
		d, err := parseDevice(buffer[:count], from.Addr().Unmap(), r)
		if err != nil || slices.Contains(seen, d.location.String()) {
			continue
		}
		seen = append(seen, d.location.String())
		found(d)
	}
	<-ctx.Done()
	return ctx.Err()
}

// searchDevices sends what is to be sent, to the network and to the gateway
// itself: some networks drop multicast.
func searchDevices(ctx context.Context, conn *net.UDPConn, r route) {
	if through, err := net.InterfaceByIndex(r.through); err == nil {
		_ = ipv4.NewPacketConn(conn).SetMulticastInterface(through)
	}
	group := netip.AddrPortFrom(netip.MustParseAddr(ssdpGroup), ssdpPort)
	began := time.Now()
	for round, at := range ssdpRounds {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(began.Add(at))):
		}
		for _, target := range ssdpTargets[min(round, len(ssdpTargets)-1)] {
			search := ssdpSearch(target)
			_, _ = conn.WriteToUDPAddrPort(search, netip.AddrPortFrom(r.gateway, ssdpPort))
			if !r.local.IsLoopback() {
				_, _ = conn.WriteToUDPAddrPort(search, group)
			}
		}
	}
}

// ssdpSearch is an M-SEARCH request. Devices answer within MX seconds.
func ssdpSearch(target string) []byte {
	return fmt.Appendf(nil, "M-SEARCH * HTTP/1.1\r\nHOST: %s:%d\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: %s\r\n\r\n",
		ssdpGroup, ssdpPort, target)
}

// device is what answered a search, and where its description is.
type device struct {
	location *url.URL
	address  netip.AddrPort // of location
	gateway  bool           // it is the gateway itself
}

// parseDevice reads an answer. Anybody in the network can send one, and it
// makes us fetch a URL: it must come from the own network, and may point at
// its sender or the gateway alone.
func parseDevice(packet []byte, from netip.Addr, r route) (device, error) {
	if from != r.gateway && !r.network.Contains(from) {
		return device{}, fmt.Errorf("%w: %s is not of the own network", ErrAddress, from)
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(packet)), nil)
	if err != nil {
		return device{}, err
	}
	defer response.Body.Close()
	location, err := url.Parse(response.Header.Get("Location"))
	if err != nil || response.StatusCode != http.StatusOK || location.Scheme != "http" {
		return device{}, fmt.Errorf("%w: no location", ErrAddress)
	}
	address, err := hostAddress(location)
	if err != nil {
		return device{}, err
	}
	if address.Addr() != from && address.Addr() != r.gateway {
		return device{}, fmt.Errorf("%w: %s points at %s", ErrAddress, from, address)
	}
	return device{location: location, address: address, gateway: address.Addr() == r.gateway}, nil
}

// hostAddress reads the host of a URL, which must be an address: no name is
// looked up for the network's sake.
func hostAddress(location *url.URL) (netip.AddrPort, error) {
	port := location.Port()
	if port == "" {
		port = "80"
	}
	address, err := netip.ParseAddrPort(net.JoinHostPort(location.Hostname(), port))
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	return address, nil
}
