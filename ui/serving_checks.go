package ui

import (
	"errors"
	"strconv"

	"github.com/causeway-app/causeway/engine/settings"
)

// What can be wrong with what this computer does for others.
const (
	servePortTaken fault = "serve-port-taken"
	servePortOrder fault = "serve-port-order"
	serveAddress   fault = "serve-address"
	serveName      fault = "serve-name"
)

// servingFault says what is wrong with one field of s, as if it were to begin.
func servingFault(s settings.Serve, field string) fault {
	s.Enabled = true
	for _, wrong := range settings.FieldErrors(settings.Validate(settings.Settings{Serve: s})) {
		if wrong.Field != field {
			continue
		}
		switch {
		case errors.Is(wrong, settings.ErrPortTaken):
			return servePortTaken
		case errors.Is(wrong, settings.ErrPortRange):
			return servePortOrder
		case errors.Is(wrong, settings.ErrPort):
			return badPort
		case errors.Is(wrong, settings.ErrAddress):
			return serveAddress
		case errors.Is(wrong, settings.ErrCredentials) && s.Username != "" && s.Password != "":
			return serveName
		case errors.Is(wrong, settings.ErrNegative):
			return notALimit
		default:
			return missing
		}
	}
	return fine
}

// parsePort reads a port; 0 is for what is none.
func parsePort(text string) uint16 {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(port)
}

func portText(port uint16) string {
	if port == 0 {
		return ""
	}
	return strconv.Itoa(int(port))
}
