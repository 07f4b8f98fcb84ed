package rendezvous

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogger hands pion's words to slog, all at debug level: what pion calls
// an error is a client that did something wrong.
type pionLogger struct{ logger *slog.Logger }

func (l pionLogger) NewLogger(string) logging.LeveledLogger { return l }

func (l pionLogger) log(text string) { l.logger.Debug("turn: " + text) }

func (l pionLogger) logf(format string, arguments ...any) {
	if l.logger.Enabled(context.Background(), slog.LevelDebug) {
		l.log(fmt.Sprintf(format, arguments...))
	}
}

// Trace and Debug speak of every packet.
func (l pionLogger) Trace(string)          {}
func (l pionLogger) Tracef(string, ...any) {}
func (l pionLogger) Debug(string)          {}
func (l pionLogger) Debugf(string, ...any) {}

func (l pionLogger) Info(text string)                { l.log(text) }
func (l pionLogger) Infof(text string, args ...any)  { l.logf(text, args...) }
func (l pionLogger) Warn(text string)                { l.log(text) }
func (l pionLogger) Warnf(text string, args ...any)  { l.logf(text, args...) }
func (l pionLogger) Error(text string)               { l.log(text) }
func (l pionLogger) Errorf(text string, args ...any) { l.logf(text, args...) }
