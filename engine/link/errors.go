package link

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed means the link or stream was closed on this side.
	ErrClosed = errors.New("link: closed")
	// ErrLost means a link that was up has no path to the peer any more.
	ErrLost = errors.New("link: lost")
	// ErrPeerClosed is the ErrLost of a peer that closed its end.
	ErrPeerClosed = fmt.Errorf("%w: the peer has closed it", ErrLost)
	// ErrNoPath means no path to the peer was found; the text says what was tried.
	ErrNoPath = errors.New("link: no path to the peer")
	// ErrPolicy means there is a path, and the policy forbids it.
	ErrPolicy = errors.New("link: the policy forbids this path")
	// ErrUnknownPolicy means the policy is none of package path's.
	ErrUnknownPolicy = errors.New("link: unknown policy")
	// ErrNoRelay means the policy wants a relay and no usable one is configured.
	ErrNoRelay = errors.New("link: no usable TURN server")
	// ErrIdentity means a description's certificate is not that of the identity
	// it claims.
	ErrIdentity = errors.New("link: the certificate is not the claimed identity's")
	// ErrHandshake means the peer at the other end could not prove the identity
	// of its description.
	ErrHandshake = errors.New("link: the peer did not prove its identity")
	// ErrDescription means a peer's description cannot be used.
	ErrDescription = errors.New("link: bad description")
	// ErrTooLarge means a message is larger than MaxMessage.
	ErrTooLarge = errors.New("link: message too large")
	// ErrQueueFull means messages are sent faster than the link carries them.
	ErrQueueFull = errors.New("link: too many messages wait")
	// ErrFlood means the peer sends more than it may; the link is dropped.
	ErrFlood = errors.New("link: the peer sends too much")
	// ErrNotUp means a stream was opened while the link was not up.
	ErrNotUp = errors.New("link: not up")
	// ErrTooManyStreams means the link has as many streams as it may.
	ErrTooManyStreams = errors.New("link: too many streams")
	// ErrLabel means a stream's label is empty or too long.
	ErrLabel = errors.New("link: bad stream label")
)
