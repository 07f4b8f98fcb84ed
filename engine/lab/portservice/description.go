package portservice

import (
	"fmt"
	"strconv"
	"strings"
)

// serverHeader names what answers, as UPnP Device Architecture 1.1 section
// 1.3.3 wants it.
const serverHeader = "Linux/6.1 UPnP/1.1 Lab/1.0"

// device is a UPnP device, with what it contains.
type device struct {
	kind    string // urn:schemas-upnp-org:device:… without its version
	version int
	name    string
	uuid    string
	offers  []service
	devices []device
}

// service is a UPnP service of a device.
type service struct {
	kind    string // urn:schemas-upnp-org:service:… without its version
	version int
	id      string
	actions []action
}

// action is what a service can be asked, with its arguments in their order.
type action struct {
	name    string
	in, out []string
}

const (
	deviceURN  = "urn:schemas-upnp-org:device:"
	serviceURN = "urn:schemas-upnp-org:service:"
)

func (d device) urn() string  { return fmt.Sprintf("%s%s:%d", deviceURN, d.kind, d.version) }
func (s service) urn() string { return fmt.Sprintf("%s%s:%d", serviceURN, s.kind, s.version) }

func (d device) descriptionPath() string { return "/" + d.uuid + ".xml" }

// path is where a service is controlled ("control") or described ("scpd").
func (s service) path(what string) string {
	return fmt.Sprintf("/%s/%s%d", what, s.kind, s.version)
}

// services are those of a device and of all inside it.
func (d device) services() []service {
	all := append([]service(nil), d.offers...)
	for _, inner := range d.devices {
		all = append(all, inner.services()...)
	}
	return all
}

// gatewayDevice is an InternetGatewayDevice (IGD 1 section 2.4, IGD 2 section
// 2.4): a gateway that contains a WAN device that contains a connection.
func gatewayDevice(version int) device {
	connection := service{kind: "WANIPConnection", version: version, id: "urn:upnp-org:serviceId:WANIPConn1"}
	connection.actions = connectionActions(version)
	common := service{kind: "WANCommonInterfaceConfig", version: 1, id: "urn:upnp-org:serviceId:WANCommonIFC1"}
	return device{
		kind: "InternetGatewayDevice", version: version, name: "Home router", uuid: "5d794fc2-5c5e-4460-a023-f04a51363300",
		devices: []device{{
			kind: "WANDevice", version: version, name: "WAN", uuid: "5d794fc2-5c5e-4460-a023-f04a51363301",
			offers: []service{common},
			devices: []device{{
				kind: "WANConnectionDevice", version: version, name: "Connection", uuid: "5d794fc2-5c5e-4460-a023-f04a51363302",
				offers: []service{connection},
			}},
		}},
	}
}

// strangerDevice is a device that is no router.
func strangerDevice(number int) device {
	return device{
		kind: "MediaRenderer", version: 1, name: "Television " + strconv.Itoa(number+1),
		uuid:   fmt.Sprintf("8a2f6e10-0000-4000-8000-%012d", number),
		offers: []service{{kind: "StrangerControl" + strconv.Itoa(number), version: 1, id: "urn:upnp-org:serviceId:RenderingControl"}},
	}
}

// description is the device description (UPnP Device Architecture 1.1 section
// 2.3). control, when not empty, is every service's control URL.
func (d device) description(control string) string {
	return `<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>1</minor></specVersion>` +
		d.element(control) + `</root>`
}

func (d device) element(control string) string {
	var text strings.Builder
	fmt.Fprintf(&text, `<device><deviceType>%s</deviceType><friendlyName>%s</friendlyName><manufacturer>Lab</manufacturer>`+
		`<modelName>Lab</modelName><UDN>uuid:%s</UDN>`, d.urn(), escape(d.name), d.uuid)
	if len(d.offers) > 0 {
		text.WriteString("<serviceList>")
		for _, s := range d.offers {
			at := s.path("control")
			if control != "" {
				at = control
			}
			fmt.Fprintf(&text, `<service><serviceType>%s</serviceType><serviceId>%s</serviceId><SCPDURL>%s</SCPDURL>`+
				`<controlURL>%s</controlURL><eventSubURL></eventSubURL></service>`, s.urn(), s.id, s.path("scpd"), escape(at))
		}
		text.WriteString("</serviceList>")
	}
	if len(d.devices) > 0 {
		text.WriteString("<deviceList>")
		for _, inner := range d.devices {
			text.WriteString(inner.element(control))
		}
		text.WriteString("</deviceList>")
	}
	text.WriteString("</device>")
	return text.String()
}

// actionsDocument is the service description (UPnP Device Architecture 1.1
// section 2.5), with a state variable of type string for each argument.
func (s service) actionsDocument() string {
	var text, variables strings.Builder
	text.WriteString(`<scpd xmlns="urn:schemas-upnp-org:service-1-0"><specVersion><major>1</major><minor>1</minor></specVersion><actionList>`)
	known := map[string]bool{}
	argument := func(name, direction string) {
		variable := strings.TrimPrefix(name, "New")
		fmt.Fprintf(&text, `<argument><name>%s</name><direction>%s</direction><relatedStateVariable>%s</relatedStateVariable></argument>`,
			name, direction, variable)
		if !known[variable] {
			known[variable] = true
			fmt.Fprintf(&variables, `<stateVariable sendEvents="no"><name>%s</name><dataType>string</dataType></stateVariable>`, variable)
		}
	}
	for _, a := range s.actions {
		fmt.Fprintf(&text, "<action><name>%s</name><argumentList>", a.name)
		for _, name := range a.in {
			argument(name, "in")
		}
		for _, name := range a.out {
			argument(name, "out")
		}
		text.WriteString("</argumentList></action>")
	}
	return text.String() + "</actionList><serviceStateTable>" + variables.String() + "</serviceStateTable></scpd>"
}
