package portmap

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/huin/goupnp"
	"github.com/huin/goupnp/dcps/internetgateway2"
	"github.com/huin/goupnp/soap"
)

const (
	// bodyLimit and headLimit bound what a device may send, in bytes.
	bodyLimit = 256 << 10
	headLimit = 16 << 10
	// deviceWait is how long a device may take to accept a connection, and while
	// it is looked for to begin its answer. Mapping takes some routers longer.
	deviceWait = time.Second
	// serviceLimit bounds the services of a device that are tried.
	serviceLimit = 4
	// upnpAtOnce bounds the requests at one time: home routers are slow.
	upnpAtOnce = 4
	// upnpLife is how long a mapping is trusted to exist, though an hour is
	// asked for: UPnP does not tell that the router has restarted.
	upnpLife = 20 * time.Minute
	// portTries is how many ports are tried when the wanted one is taken.
	portTries = 6
)

// The errors of WANIPConnection:2 section 2.5.
const (
	upnpInvalidAction  = 401
	upnpNoSuchEntry    = 714
	upnpConflict       = 718
	upnpPermanentOnly  = 725
	upnpNotImplemented = 602
)

// gatewayService is what the three versions of the service have in common.
type gatewayService interface {
	GetServiceClient() *goupnp.ServiceClient
	GetExternalIPAddressCtx(ctx context.Context) (string, error)
	AddPortMappingCtx(ctx context.Context, remote string, outside uint16, protocol string, inside uint16,
		client string, enabled bool, description string, seconds uint32) error
	DeletePortMappingCtx(ctx context.Context, remote string, outside uint16, protocol string) error
}

// anyPortService is WANIPConnection:2, which chooses a port itself.
type anyPortService interface {
	AddAnyPortMappingCtx(ctx context.Context, remote string, outside uint16, protocol string, inside uint16,
		client string, enabled bool, description string, seconds uint32) (uint16, error)
}

// upnp speaks the UPnP Internet Gateway Device protocol.
type upnp struct {
	service gatewayService
	outside atomic.Pointer[netip.Addr]
	// permanent tells that the router gives no leases.
	permanent atomic.Bool
	turns     chan struct{} // as many as there may be requests at once
}

func (u *upnp) protocol() Protocol { return UPnP }

func (u *upnp) external() netip.Addr {
	if address := u.outside.Load(); address != nil {
		return *address
	}
	return netip.Addr{}
}

// findUPnP looks for a router that speaks UPnP until ctx ends. The gateway's
// own answer is waited for a moment, before another device is believed.
func findUPnP(ctx context.Context, r route) (*upnp, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	devices := make(chan device, deviceLimit)
	ended := make(chan error, 1)
	go func() { ended <- discover(ctx, r, func(d device) { devices <- d }) }()
	defer func() {
		cancel()
		<-ended
	}()
	patience := time.NewTimer(upnpPatience)
	defer patience.Stop()
	var others []device
	waited := false
	reason := error(ErrNoRouter)
	for {
		var next device
		switch {
		case waited && len(others) > 0:
			next, others = others[0], others[1:]
		default:
			select {
			case next = <-devices:
				if !next.gateway && !waited {
					others = append(others, next)
					continue
				}
			case <-patience.C:
				waited = true
				continue
			case err := <-ended:
				ended <- err
				return nil, fmt.Errorf("%w: %w", reason, err)
			}
		}
		found, err := describeRouter(ctx, next)
		if err == nil {
			return found, nil
		}
		reason = err
	}
}

// upnpPatience is how long the gateway has to answer before others.
const upnpPatience = 1200 * time.Millisecond

// describeRouter fetches a device's description and chooses the service that
// has an outside address.
func describeRouter(ctx context.Context, d device) (*upnp, error) {
	client := restrictedClient(d.address, deviceWait)
	root, err := fetchDescription(ctx, client, d.location)
	if err != nil {
		return nil, err
	}
	reason := fmt.Errorf("%w: it has no connection to map ports of", ErrRefused)
	for number, service := range servicesOf(root, d.location) {
		if number == serviceLimit {
			break
		}
		service.GetServiceClient().SOAPClient.HTTPClient = *client
		u := &upnp{service: service, turns: make(chan struct{}, upnpAtOnce)}
		if reason = u.look(ctx); reason == nil {
			service.GetServiceClient().SOAPClient.HTTPClient = *restrictedClient(d.address, 0)
			return u, nil
		}
	}
	return nil, reason
}

func servicesOf(root *goupnp.RootDevice, at *url.URL) []gatewayService {
	var services []gatewayService
	// An error means that there is none.
	second, _ := internetgateway2.NewWANIPConnection2ClientsFromRootDevice(root, at)
	first, _ := internetgateway2.NewWANIPConnection1ClientsFromRootDevice(root, at)
	dialed, _ := internetgateway2.NewWANPPPConnection1ClientsFromRootDevice(root, at)
	for _, each := range second {
		services = append(services, each)
	}
	for _, each := range first {
		services = append(services, each)
	}
	for _, each := range dialed {
		services = append(services, each)
	}
	return services
}

// fetchDescription reads a device's description. The library's own fetch
// bounds nothing and follows wherever it is sent.
func fetchDescription(ctx context.Context, client *http.Client, at *url.URL) (*goupnp.RootDevice, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("portmap: description of the router: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("portmap: description of the router: %s", response.Status)
	}
	root := new(goupnp.RootDevice)
	decoder := xml.NewDecoder(response.Body)
	decoder.DefaultSpace = goupnp.DeviceXMLNamespace
	if err := decoder.Decode(root); err != nil {
		return nil, fmt.Errorf("portmap: description of the router: %w", err)
	}
	base := at
	if root.URLBaseStr != "" {
		if base, err = url.Parse(root.URLBaseStr); err != nil {
			return nil, fmt.Errorf("portmap: description of the router: %w", err)
		}
	}
	root.SetURLBase(base)
	return root, nil
}

// restrictedClient speaks to one host alone, whatever URLs its description
// has, follows nothing, and reads a bounded amount. patience is how long the host
// may take to begin an answer; 0: as long as the request's context.
func restrictedClient(device netip.AddrPort, patience time.Duration) *http.Client {
	dialer := net.Dialer{Timeout: deviceWait}
	return &http.Client{
		Transport: boundedTransport{&http.Transport{
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: headLimit,
			ResponseHeaderTimeout:  patience,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				to, err := netip.ParseAddrPort(address)
				if err != nil || to.Addr() != device.Addr() {
					return nil, fmt.Errorf("%w: the router's description leads to %s", ErrAddress, address)
				}
				return dialer.DialContext(ctx, network, address)
			},
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return fmt.Errorf("%w: a redirection", ErrAddress)
		},
	}
}

// boundedTransport cuts bodies off.
type boundedTransport struct{ next http.RoundTripper }

// RoundTrip is http.RoundTripper's.
func (b boundedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(request)
	if err == nil {
		response.Body = boundedBody{io.LimitReader(response.Body, bodyLimit), response.Body}
	}
	return response, err
}

type boundedBody struct {
	io.Reader
	io.Closer
}

// turn waits until a request may be made. The returned function ends it.
func (u *upnp) turn(ctx context.Context) (func(), error) {
	select {
	case u.turns <- struct{}{}:
		return func() { <-u.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// look asks for the outside address.
func (u *upnp) look(ctx context.Context) error {
	end, err := u.turn(ctx)
	if err != nil {
		return err
	}
	defer end()
	text, err := u.service.GetExternalIPAddressCtx(ctx)
	if err != nil {
		return upnpError(err)
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return fmt.Errorf("%w: outside address: %w", ErrAddress, err)
	}
	address, err = outside(address)
	if err == nil {
		u.outside.Store(&address)
	}
	return err
}

// add maps a port, another one if the wanted one is taken.
func (u *upnp) add(ctx context.Context, wish lease) (lease, error) {
	end, err := u.turn(ctx)
	if err != nil {
		return lease{}, err
	}
	defer end()
	port := wish.external.Port()
	for try := range portTries {
		given, err := u.mapPort(ctx, wish.local, port)
		switch code := faultCode(err); {
		case err == nil && given != 0:
			wish.external, wish.life = netip.AddrPortFrom(u.external(), given), upnpLife
			return wish, nil
		case err == nil:
			return lease{}, fmt.Errorf("%w: it gave port 0", ErrRefused)
		case code == upnpPermanentOnly && !u.permanent.Swap(true):
		case code == upnpConflict && try < portTries-1:
			port = uint16(1<<15 + rand.IntN(1<<15))
		default:
			return lease{}, upnpError(err)
		}
	}
	return lease{}, fmt.Errorf("%w: no port is free", ErrRefused)
}

func (u *upnp) mapPort(ctx context.Context, local netip.AddrPort, port uint16) (uint16, error) {
	const description = "Causeway"
	seconds := uint32(leaseAsked / time.Second)
	if u.permanent.Load() {
		seconds = 0
	}
	if chooses, ok := u.service.(anyPortService); ok {
		given, err := chooses.AddAnyPortMappingCtx(ctx, "", port, "UDP", local.Port(), local.Addr().String(), true, description, seconds)
		if code := faultCode(err); code != upnpInvalidAction && code != upnpNotImplemented {
			return given, err
		}
	}
	err := u.service.AddPortMappingCtx(ctx, "", port, "UDP", local.Port(), local.Addr().String(), true, description, seconds)
	return port, err
}

// remove ends a mapping. A port that was only wished for may be another
// computer's.
func (u *upnp) remove(ctx context.Context, l lease) error {
	if !l.external.Addr().IsValid() {
		return nil
	}
	end, err := u.turn(ctx)
	if err != nil {
		return err
	}
	defer end()
	err = u.service.DeletePortMappingCtx(ctx, "", l.external.Port(), "UDP")
	if faultCode(err) == upnpNoSuchEntry {
		return nil
	}
	return upnpError(err)
}

// faultCode is the UPnP error in a SOAP fault, or 0.
func faultCode(err error) int {
	var fault *soap.SOAPFaultError
	if errors.As(err, &fault) {
		return fault.Detail.UPnPError.Errorcode
	}
	return 0
}

// upnpError tells a refusal from a failure. The router's own words are left
// out: they can be anything, of any length.
func upnpError(err error) error {
	var fault *soap.SOAPFaultError
	if errors.As(err, &fault) {
		return fmt.Errorf("%w: UPnP error %d", ErrRefused, fault.Detail.UPnPError.Errorcode)
	}
	return err
}
