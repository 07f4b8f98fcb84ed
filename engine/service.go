package engine

import "context"

// service is one thing that listens as the settings say, and is started anew
// when these change. It belongs to the owner.
type service struct {
	round int                // counts starts and stops
	stop  context.CancelFunc // nil while nothing was started
	ended chan struct{}      // closed when the newest has given its ports back
}

// teller runs work on the owner's goroutine, unless the service has been
// replaced: what an earlier one says late is no news.
type teller func(work func())

// replace ends what a service does and starts run, unless that is nil, as soon
// as the ports are free. failed is told why run has ended, if it was not asked to.
func (o *owner) replace(s *service, run func(context.Context, teller) error, failed func(error)) {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
	s.round++
	if run == nil {
		return
	}
	ctx, cancel := context.WithCancel(o.ctx)
	before, ended, round := s.ended, make(chan struct{}), s.round
	s.stop, s.ended = cancel, ended
	tell := func(work func()) {
		o.post(func() {
			if s.round == round {
				work()
			}
		})
	}
	o.background(func() {
		defer close(ended)
		defer cancel()
		if before != nil {
			<-before
		}
		if ctx.Err() != nil {
			return
		}
		if err := run(ctx, tell); err != nil && ctx.Err() == nil {
			tell(func() { failed(err) })
		}
	})
}
