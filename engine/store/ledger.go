package store

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/anacrolix/torrent/storage"
)

// pieceState is what is known of one piece.
type pieceState uint8

const (
	// begun: the journal says, in this run, that it is being written.
	begun pieceState = 1 << iota
	// unknown: it may be on the disk; its hash must be looked at.
	unknown
	// owned: its hash was right, or the journal says that it is stored.
	owned
	// told: the journal says that its hash was right.
	told
	// stored: the journal says that it is on the disk.
	stored
)

// ledger knows the state of each piece and keeps the journal of it. It is safe
// for concurrent use.
type ledger struct {
	mu      sync.Mutex
	journal *journalFile
	layout  *layout
	states  []pieceState
	// pending are verified and not stored; writing are those of them that are
	// being synced just now.
	pending       map[int]struct{}
	pendingBytes  int64
	writing       map[int]struct{}
	owned, stores int
	have          *atomic.Int64 // bytes of wanted files in the owned pieces
}

// newLedger takes up what the journal says.
func newLedger(journal *journalFile, l *layout, past *Journal, have *atomic.Int64) *ledger {
	b := &ledger{journal: journal, layout: l, states: make([]pieceState, l.pieces),
		pending: map[int]struct{}{}, writing: map[int]struct{}{}, have: have}
	have.Store(0)
	if past == nil {
		return b
	}
	for piece, last := range past.lastOfPieces() {
		switch last {
		case PieceStored:
			b.states[piece] = owned | told | stored
			b.own(piece, 1)
			b.stores++
		case PieceVerified:
			b.states[piece] = unknown | told
		case PieceBegun:
			b.states[piece] = unknown
		}
	}
	if past.Torn {
		// Something was written of which we know nothing: look at everything.
		for piece := range b.states {
			if b.states[piece]&owned == 0 && l.wants(piece) {
				b.states[piece] |= unknown
			}
		}
	}
	return b
}

// own counts a piece that is here, by 1, or no longer, by -1.
func (b *ledger) own(piece, by int) {
	b.owned += by
	b.have.Add(int64(by) * b.layout.inFiles(piece))
}

// present lists the pieces that are here.
func (b *ledger) present() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	pieces := make([]int, 0, b.owned)
	for piece, state := range b.states {
		if state&owned != 0 {
			pieces = append(pieces, piece)
		}
	}
	return pieces
}

// doubt makes a piece be looked at again although the journal says it is there.
func (b *ledger) doubt(piece int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.states[piece]&owned != 0 {
		b.states[piece] &^= owned
		b.own(piece, -1)
	}
	b.states[piece] |= unknown
}

func (b *ledger) completion(piece int) storage.Completion {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch state := b.states[piece]; {
	case state&owned != 0:
		return storage.Completion{Ok: true, Complete: true}
	case state&unknown != 0:
		return storage.Completion{} // makes the client look at it before it fetches
	default:
		return storage.Completion{Ok: true}
	}
}

func (b *ledger) has(piece int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.states[piece]&owned != 0
}

// begin notes that a piece is about to be written. It reports false for a piece
// that is here and right, which must not be written again.
func (b *ledger) begin(piece int) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.states[piece]&owned != 0 {
		return false, nil
	}
	if err := b.retract(piece); err != nil {
		return true, err
	}
	if b.states[piece]&begun == 0 {
		if err := b.journal.append(Record{Kind: PieceBegun, Piece: piece}); err != nil {
			return true, err
		}
		b.states[piece] |= begun
	}
	return true, nil
}

// verified notes that a piece's hash was right, and returns how many bytes wait
// for the disk. The piece counts as here even if the journal cannot be written.
func (b *ledger) verified(piece int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	state := &b.states[piece]
	if *state&owned == 0 {
		*state |= owned
		b.own(piece, 1)
	}
	*state &^= unknown
	if *state&stored != 0 {
		return b.pendingBytes, nil
	}
	var err error
	if *state&told == 0 {
		if err = b.journal.append(Record{Kind: PieceVerified, Piece: piece}); err == nil {
			*state |= told
		}
	}
	if _, syncing := b.writing[piece]; !syncing {
		b.pend(piece)
	}
	return b.pendingBytes, err
}

func (b *ledger) pend(piece int) {
	if _, known := b.pending[piece]; known {
		return
	}
	_, length := b.layout.piece(piece)
	b.pending[piece] = struct{}{}
	b.pendingBytes += length
}

// lose notes that a piece's hash is wrong. What the journal said of it is taken
// back, on the disk, before a byte of it can be written again.
func (b *ledger) lose(piece int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.states[piece]&owned != 0 {
		b.own(piece, -1)
	}
	b.states[piece] &^= owned | unknown
	delete(b.writing, piece)
	if _, waits := b.pending[piece]; waits {
		_, length := b.layout.piece(piece)
		delete(b.pending, piece)
		b.pendingBytes -= length
	}
	return b.retract(piece)
}

// retract takes back what the journal says of a piece that is not here. Until
// that has worked, the piece is not written to.
func (b *ledger) retract(piece int) error {
	state := &b.states[piece]
	if *state&(told|stored) == 0 {
		return nil
	}
	if err := b.journal.append(Record{Kind: PieceLost, Piece: piece}); err != nil {
		return err
	}
	if err := b.journal.sync(); err != nil {
		return err
	}
	if *state&stored != 0 {
		b.stores--
	}
	*state &^= told | stored | begun
	return nil
}

// take starts to store what is pending.
func (b *ledger) take() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	batch := slices.Sorted(maps.Keys(b.pending))
	for _, piece := range batch {
		b.writing[piece] = struct{}{}
	}
	clear(b.pending)
	b.pendingBytes = 0
	return batch
}

// putBack undoes take.
func (b *ledger) putBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for piece := range b.writing {
		b.pend(piece)
	}
	clear(b.writing)
}

// commit journals the taken pieces, whose bytes are on the disk now. Those that
// were lost meanwhile are left out.
func (b *ledger) commit() error {
	if err := b.recordWriting(); err != nil {
		return err
	}
	if err := b.journal.sync(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for piece := range b.writing {
		b.states[piece] |= stored
		b.stores++
	}
	clear(b.writing)
	return nil
}

func (b *ledger) recordWriting() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var records []Record
	for piece := range b.writing {
		records = append(records, Record{Kind: PieceStored, Piece: piece})
	}
	return b.journal.append(records...)
}

// record journals something about places and returns when it is on the disk.
func (b *ledger) record(r Record) error {
	b.mu.Lock()
	err := b.journal.append(r)
	b.mu.Unlock()
	if err != nil {
		return err
	}
	return b.journal.sync()
}

// counts returns how many pieces are here, and how many of them are stored.
func (b *ledger) counts() (owned, stores int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.owned, b.stores
}
