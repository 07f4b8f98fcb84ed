package words

import "os"

// FromEnvironment returns what POSIX says the user's language is: LC_ALL, else
// LC_MESSAGES, else LANG. Programs without a toolkit hand it to In.
func FromEnvironment() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}
