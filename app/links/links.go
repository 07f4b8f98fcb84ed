// Package links has the desktop hand links of a scheme, such as those in mails
// and on web pages, to a program, for the user alone.
package links

import (
	"context"
	"errors"
	"fmt"
)

// ErrUnsupported means that a program cannot do that by itself on this system:
// macOS reads the schemes from the Info.plist of an application bundle.
var ErrUnsupported = errors.New("links: not supported on this system")

// Handler is what opens links.
type Handler struct {
	// ID is in reverse-DNS form.
	ID string
	// Name is shown where the desktop asks what to open a link with.
	Name string
	// Scheme has no colon.
	Scheme string
	// Program is an absolute path. It is started with the link as its argument.
	Program string
}

// Register has the desktop open links with h, unless a package that was
// installed for everybody does already. To be called at each start: it finds
// out whether the program has moved, and does nothing where it has not. It may
// run a program of the desktop's, so it takes a while, at most as long as ctx.
func Register(ctx context.Context, h Handler) error {
	if err := register(ctx, h); err != nil {
		return fmt.Errorf("links: %w", err)
	}
	return nil
}

// windowsCommand is the command of a URL protocol. A path has no quotation marks
// in it there.
func windowsCommand(program string) string {
	return `"` + program + `" "%1"`
}
