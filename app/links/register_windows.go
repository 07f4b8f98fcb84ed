package links

import (
	"context"

	"golang.org/x/sys/windows/registry"
)

// register names the scheme a URL protocol of this user.
func register(_ context.Context, h Handler) error {
	root := `Software\Classes\` + h.Scheme
	for _, value := range []struct{ key, name, text string }{
		{root, "", "URL:" + h.Name},
		{root, "URL Protocol", ""}, // its being there says that this is a protocol
		{root + `\DefaultIcon`, "", h.Program + ",0"},
		{root + `\shell\open\command`, "", windowsCommand(h.Program)},
	} {
		if err := set(value.key, value.name, value.text); err != nil {
			return err
		}
	}
	return nil
}

func set(path, name, text string) error {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, path, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer key.Close()
	return key.SetStringValue(name, text)
}
