package portservice

import (
	"cmp"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// week is the longest lease of IGD 2, and what 0 stands for there
// (WANIPConnection:2 section 2.3.20).
const week = 7 * 24 * time.Hour

// connectionActions are those of WANIPConnection that this router knows.
func connectionActions(version int) []action {
	entry := []string{"NewInternalPort", "NewInternalClient", "NewEnabled", "NewPortMappingDescription", "NewLeaseDuration"}
	which := []string{"NewRemoteHost", "NewExternalPort", "NewProtocol"}
	actions := []action{
		{"GetStatusInfo", nil, []string{"NewConnectionStatus", "NewLastConnectionError", "NewUptime"}},
		{"GetNATRSIPStatus", nil, []string{"NewRSIPAvailable", "NewNATEnabled"}},
		{"GetExternalIPAddress", nil, []string{"NewExternalIPAddress"}},
		{"GetSpecificPortMappingEntry", which, entry},
		{"AddPortMapping", slices.Concat(which, entry), nil},
		{"DeletePortMapping", which, nil},
	}
	if version >= 2 {
		actions = append(actions, action{"AddAnyPortMapping", slices.Concat(which, entry), []string{"NewReservedPort"}})
	}
	return actions
}

// control answers a SOAP request to a service.
func (u *upnp) control(w http.ResponseWriter, request *http.Request, s service) {
	asked, err := readCall(request, s.urn())
	if err != nil {
		writeFault(w, faultInvalidAction)
		return
	}
	known := slices.IndexFunc(s.actions, func(a action) bool { return a.name == asked.action })
	if known < 0 {
		writeFault(w, faultInvalidAction)
		return
	}
	for _, name := range s.actions[known].in {
		if _, given := asked.arguments[name]; !given {
			writeFault(w, faultInvalidArguments)
			return
		}
	}
	values, err := u.act(asked, clientOf(request))
	if err != nil {
		writeFault(w, err)
		return
	}
	if len(values) != len(s.actions[known].out) {
		writeFault(w, faultActionFailed)
		return
	}
	var answer [][2]string
	for i, name := range s.actions[known].out {
		answer = append(answer, [2]string{name, values[i]})
	}
	writeAnswer(w, s.urn(), asked.action, answer)
}

// act does what is asked and returns the values of the answer in order.
func (u *upnp) act(asked call, client netip.Addr) ([]string, error) {
	switch asked.action {
	case "GetStatusInfo":
		return []string{"Connected", "ERROR_NONE", strconv.Itoa(int(u.age()))}, nil
	case "GetNATRSIPStatus":
		return []string{"0", "1"}, nil
	case "GetExternalIPAddress":
		return []string{u.leases.external().String()}, nil
	case "GetSpecificPortMappingEntry":
		return u.showEntry(asked)
	case "AddPortMapping":
		return nil, u.add(asked, client)
	case "AddAnyPortMapping":
		return u.addAny(asked, client)
	case "DeletePortMapping":
		return nil, u.remove(asked, client)
	}
	return nil, faultInvalidAction
}

// which reads the arguments that name an entry.
func which(asked call) (protocol string, outside uint16, err error) {
	port, err := strconv.ParseUint(asked.arguments["NewExternalPort"], 10, 16)
	protocol = strings.ToLower(asked.arguments["NewProtocol"])
	if err != nil || protocol != "udp" && protocol != "tcp" {
		return "", 0, faultInvalidArguments
	}
	if host := asked.arguments["NewRemoteHost"]; host != "" && host != "0.0.0.0" {
		return "", 0, faultRemoteHost
	}
	return protocol, uint16(port), nil
}

// readWish reads the arguments of AddPortMapping and AddAnyPortMapping.
func (u *upnp) readWish(asked call, client netip.Addr) (wish, error) {
	protocol, outside, err := which(asked)
	if err != nil {
		return wish{}, err
	}
	inside, err := strconv.ParseUint(asked.arguments["NewInternalPort"], 10, 16)
	life, failed := strconv.ParseUint(asked.arguments["NewLeaseDuration"], 10, 32)
	host, bad := netip.ParseAddr(asked.arguments["NewInternalClient"])
	if err := cmp.Or(err, failed, bad); err != nil {
		return wish{}, faultInvalidArguments
	}
	switch enabled := asked.arguments["NewEnabled"]; {
	case enabled != "1" && enabled != "true" && enabled != "yes":
		// A mapping that does nothing is none that this router keeps.
		return wish{}, faultInvalidArguments
	case host.Unmap() != client:
		// Nobody maps ports for others (WANIPConnection:2 section 2.5.16).
		return wish{}, faultNotAuthorized
	case inside == 0 && u.options.IGD >= 2:
		return wish{}, faultNoWildCardInside
	case inside == 0:
		return wish{}, faultInvalidArguments
	case u.options.OnlyPermanent && life != 0:
		return wish{}, faultOnlyPermanentLeases
	}
	return wish{
		flow:        flow{protocol, netip.AddrPortFrom(client, uint16(inside))},
		port:        outside,
		life:        u.leaseLength(time.Duration(life) * time.Second),
		description: asked.arguments["NewPortMappingDescription"],
	}, nil
}

// leaseLength is how long a lease lasts that is asked for so long.
func (u *upnp) leaseLength(asked time.Duration) time.Duration {
	switch {
	case asked == 0 && (u.options.IGD < 2 || u.options.OnlyPermanent):
		return permanent
	case asked == 0:
		return week
	default:
		return min(asked, week)
	}
}

// add is AddPortMapping: this port or none.
func (u *upnp) add(asked call, client netip.Addr) error {
	w, err := u.readWish(asked, client)
	if err != nil {
		return err
	}
	if w.port == 0 {
		return faultNoWildCardOutside
	}
	w.exact, w.replace = true, true
	_, err = u.leases.give(w)
	return u.leaseFault(err)
}

// addAny is AddAnyPortMapping: this port or another (WANIPConnection:2 section
// 2.5.17).
func (u *upnp) addAny(asked call, client netip.Addr) ([]string, error) {
	w, err := u.readWish(asked, client)
	if err != nil {
		return nil, err
	}
	given, err := u.leases.give(w)
	if err != nil {
		return nil, u.leaseFault(err)
	}
	return []string{strconv.Itoa(int(given.outside.Port()))}, nil
}

func (u *upnp) leaseFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errRefused):
		return faultNotAuthorized
	case errors.Is(err, errTaken):
		return faultConflict
	case u.options.IGD >= 2:
		return faultNoPortLeft
	default:
		return faultActionFailed
	}
}

func (u *upnp) remove(asked call, client netip.Addr) error {
	protocol, outside, err := which(asked)
	if err != nil {
		return err
	}
	held, found := u.leases.at(protocol, outside)
	switch {
	case !found:
		return faultNoSuchEntry
	case held.inside.Addr() != client, u.options.Refuse:
		return faultNotAuthorized
	}
	u.leases.end(func(other lease) bool { return other.flow == held.flow })
	return nil
}

func (u *upnp) showEntry(asked call) ([]string, error) {
	protocol, outside, err := which(asked)
	if err != nil {
		return nil, err
	}
	held, found := u.leases.at(protocol, outside)
	if !found {
		return nil, faultNoSuchEntry
	}
	left := held.left()
	if u.options.OnlyPermanent || time.Until(held.until) > week {
		left = 0 // which stands for one without an end
	}
	return []string{
		strconv.Itoa(int(held.inside.Port())), held.inside.Addr().String(), "1", held.description, strconv.FormatUint(uint64(left), 10),
	}, nil
}
