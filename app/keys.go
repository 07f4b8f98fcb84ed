package main

import (
	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.4/glfw"
)

// hearKeys has pressed called with each key before Fyne takes it: Fyne gives a
// key to what has the focus, and no button and no entry passes on what it does
// not know. Where Fyne's window is made otherwise, its own way stays.
func hearKeys(window fyne.Window, pressed func(fyne.KeyName, fyne.KeyModifier) bool) {
	inside, ok := window.(interface{ RunWithContext(func()) })
	if !ok {
		return
	}
	inside.RunWithContext(func() {
		native := glfw.GetCurrentContext()
		if native == nil {
			return
		}
		var fyneTakes glfw.KeyCallback
		fyneTakes = native.SetKeyCallback(func(at *glfw.Window, key glfw.Key, code int, action glfw.Action, held glfw.ModifierKey) {
			if action == glfw.Press {
				if name := keyName(key, code); name != fyne.KeyUnknown && pressed(name, heldKeys(held)) {
					return
				}
			}
			if fyneTakes != nil {
				fyneTakes(at, key, code, action, held)
			}
		})
	})
}

// namedKeys are those that are where they are on every keyboard.
var namedKeys = map[glfw.Key]fyne.KeyName{
	glfw.KeyEscape: fyne.KeyEscape, glfw.KeyEnter: fyne.KeyReturn, glfw.KeyKPEnter: fyne.KeyEnter, glfw.KeyDelete: fyne.KeyDelete,
	glfw.KeyF1: fyne.KeyF1, glfw.Key1: fyne.Key1, glfw.Key2: fyne.Key2, glfw.Key3: fyne.Key3, glfw.Key4: fyne.Key4,
	glfw.KeyKP1: fyne.Key1, glfw.KeyKP2: fyne.Key2, glfw.KeyKP3: fyne.Key3, glfw.KeyKP4: fyne.Key4,
}

// keyName is what is written on a key: on a keyboard without Latin letters what
// stands there on one with.
func keyName(key glfw.Key, code int) fyne.KeyName {
	if name, found := namedKeys[key]; found {
		return name
	}
	if key < glfw.KeySpace || key > glfw.KeyWorld2 {
		return fyne.KeyUnknown // no text is written on it, and none may be asked for
	}
	written := glfw.GetKeyName(key, code)
	switch {
	case written == "/":
		return fyne.KeySlash
	case len(written) == 1 && written[0] >= 'a' && written[0] <= 'z':
		return fyne.KeyName(written[0] - 'a' + 'A')
	case len(written) != 1 && key >= glfw.KeyA && key <= glfw.KeyZ:
		return fyne.KeyName(rune(key))
	default:
		return fyne.KeyUnknown
	}
}

func heldKeys(held glfw.ModifierKey) (all fyne.KeyModifier) {
	for from, to := range map[glfw.ModifierKey]fyne.KeyModifier{
		glfw.ModShift: fyne.KeyModifierShift, glfw.ModControl: fyne.KeyModifierControl,
		glfw.ModAlt: fyne.KeyModifierAlt, glfw.ModSuper: fyne.KeyModifierSuper,
	} {
		if held&from != 0 {
			all |= to
		}
	}
	return all
}
