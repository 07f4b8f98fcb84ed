package netcheck

import "github.com/pion/logging"

// silence is for libraries that log by themselves otherwise.
var silence = func() logging.LoggerFactory {
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	return quiet
}()
