package portservice

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// bodyLimit is the size of the largest SOAP request that is read.
const bodyLimit = 64 << 10

var errNotSOAP = errors.New("portservice: request is no SOAP action")

// call is a SOAP action with its arguments (UPnP Device Architecture 1.1
// section 3.1.1).
type call struct {
	action    string
	arguments map[string]string
}

// envelope is what a SOAP request looks like.
type envelope struct {
	XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
	Body    struct {
		Action struct {
			XMLName   xml.Name
			Arguments []struct {
				XMLName xml.Name
				Value   string `xml:",chardata"`
			} `xml:",any"`
		} `xml:",any"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

// readCall reads a request to a service of a type.
func readCall(request *http.Request, urn string) (call, error) {
	var read envelope
	if err := xml.NewDecoder(io.LimitReader(request.Body, bodyLimit)).Decode(&read); err != nil {
		return call{}, fmt.Errorf("%w: %w", errNotSOAP, err)
	}
	name := read.Body.Action.XMLName
	if name.Space != urn || request.Header.Get("SOAPAction") != `"`+urn+"#"+name.Local+`"` {
		return call{}, fmt.Errorf("%w: action %q of %q", errNotSOAP, name.Local, name.Space)
	}
	c := call{action: name.Local, arguments: map[string]string{}}
	for _, argument := range read.Body.Action.Arguments {
		c.arguments[argument.XMLName.Local] = strings.TrimSpace(argument.Value)
	}
	return c, nil
}

// fault is an error as UPnP tells it.
type fault struct {
	code int
	text string
}

func (f fault) Error() string { return fmt.Sprintf("portservice: UPnP error %d %s", f.code, f.text) }

// The errors of UPnP Device Architecture 1.1 section 3.2.2 and of
// WANIPConnection.
var (
	faultInvalidAction       = fault{401, "Invalid Action"}
	faultInvalidArguments    = fault{402, "Invalid Args"}
	faultActionFailed        = fault{501, "Action Failed"}
	faultNotAuthorized       = fault{606, "Action not authorized"}
	faultNoSuchEntry         = fault{714, "NoSuchEntryInArray"}
	faultNoWildCardOutside   = fault{716, "WildCardNotPermittedInExtPort"}
	faultConflict            = fault{718, "ConflictInMappingEntry"}
	faultOnlyPermanentLeases = fault{725, "OnlyPermanentLeasesSupported"}
	faultRemoteHost          = fault{726, "RemoteHostOnlySupportsWildcard"}
	faultNoPortLeft          = fault{728, "NoPortMapsAvailable"}
	faultNoWildCardInside    = fault{732, "WildCardNotPermittedInIntPort"}
)

const (
	envelopeBegin = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ` +
		`s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>`
	envelopeEnd = `</s:Body></s:Envelope>`
)

// writeAnswer writes what an action returns, in order.
func writeAnswer(w http.ResponseWriter, urn, action string, values [][2]string) {
	var text strings.Builder
	fmt.Fprintf(&text, `<u:%sResponse xmlns:u="%s">`, action, urn)
	for _, value := range values {
		fmt.Fprintf(&text, "<%s>%s</%s>", value[0], escape(value[1]), value[0])
	}
	fmt.Fprintf(&text, "</u:%sResponse>", action)
	writeXML(w, http.StatusOK, envelopeBegin+text.String()+envelopeEnd)
}

// writeFault writes an error, always with status 500 (UPnP Device
// Architecture 1.1 section 3.2.1).
func writeFault(w http.ResponseWriter, err error) {
	told := faultActionFailed
	errors.As(err, &told)
	writeXML(w, http.StatusInternalServerError, fmt.Sprintf(envelopeBegin+
		`<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>`+
		`<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>%d</errorCode><errorDescription>%s</errorDescription></UPnPError>`+
		`</detail></s:Fault>`+envelopeEnd, told.code, escape(told.text)))
}

func escape(text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text))
	return escaped.String()
}
