package engine

import (
	"context"
	"errors"
)

// Contents is what a share has in it.
type Contents struct {
	Name string
	// Files are in the order of the share.
	Files []ContentFile
	// Total is the size of all files, in bytes.
	Total int64
}

// ContentFile is one file of a share.
type ContentFile struct {
	// Path is inside the share, with slashes.
	Path string
	// Size and Done, what is here of it, are in bytes.
	Size, Done int64
	// Chosen tells that it is wanted.
	Chosen bool
}

// Look asks what an invitation offers, and fetches nothing of it: a transfer in
// the phase Offered, which waits for Accept, or Remove.
func (e *Engine) Look(ctx context.Context, invitation string) (Transfer, error) {
	return Transfer{}, errors.ErrUnsupported
}

// Accept fetches what is offered into folder; empty means the download folder of
// the settings. files are indexes of Contents.Files; nil means all of them. The
// Problem has the code NotEnoughRoom where the disk is too full.
func (e *Engine) Accept(ctx context.Context, id TransferID, folder string, files []int) error {
	return errors.ErrUnsupported
}

// Contents is what a transfer's share has in it; without Files while that is not
// known.
func (e *Engine) Contents(ctx context.Context, id TransferID) (Contents, error) {
	return Contents{}, errors.ErrUnsupported
}

// FreeSpace is how many bytes can be written to a folder, which need not exist.
func (e *Engine) FreeSpace(ctx context.Context, folder string) (int64, error) {
	return 0, errors.ErrUnsupported
}
