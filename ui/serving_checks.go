package ui

import (
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
	names := []named{
		{settings.ErrPortTaken, servePortTaken}, {settings.ErrPortRange, servePortOrder}, {settings.ErrPort, badPort},
		{settings.ErrAddress, serveAddress}, {settings.ErrNegative, notALimit},
	}
	if s.Username != "" && s.Password != "" { // else what is wrong with them is that they are missing
		names = append(names, named{settings.ErrCredentials, serveName})
	}
	return firstFault(settings.Settings{Serve: s}, func(of string) bool { return of == field }, names, missing)
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
