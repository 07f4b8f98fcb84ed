package link

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogger hands pion's warnings to slog at debug level: what pion warns of
// is nearly always an attempt that was expected to fail.
type pionLogger struct{ log *slog.Logger }

func (l pionLogger) NewLogger(scope string) logging.LeveledLogger {
	return pionLogger{l.log.With("pion", scope)}
}

func (l pionLogger) write(message string) { l.log.Debug(message) }

func (l pionLogger) writef(format string, arguments ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(fmt.Sprintf(format, arguments...))
	}
}

// Trace, Debug and Info speak of every packet or state.
func (pionLogger) Trace(string)          {}
func (pionLogger) Tracef(string, ...any) {}
func (pionLogger) Debug(string)          {}
func (pionLogger) Debugf(string, ...any) {}
func (pionLogger) Info(string)           {}
func (pionLogger) Infof(string, ...any)  {}

func (l pionLogger) Warn(message string)                    { l.write(message) }
func (l pionLogger) Warnf(format string, arguments ...any)  { l.writef(format, arguments...) }
func (l pionLogger) Error(message string)                   { l.write(message) }
func (l pionLogger) Errorf(format string, arguments ...any) { l.writef(format, arguments...) }
