package portmap

import "errors"

// What can go wrong.
var (
	// ErrNoRouter: no router in the own network maps ports.
	ErrNoRouter = errors.New("portmap: no router maps ports here")
	// ErrRefused: there is one, and it does not map this port.
	ErrRefused = errors.New("portmap: the router refuses")
	// ErrAddress: the address is not the one that faces the router, or what
	// the router says of its outside cannot be an address there.
	ErrAddress = errors.New("portmap: not an address that can be mapped")
	// ErrClosed: Serve has ended.
	ErrClosed = errors.New("portmap: closed")
)
