package engine

// MeasureRoom has an engine made with config ask f how much room a folder has.
func MeasureRoom(config *Config, f func(folder string) (int64, error)) { config.free = f }
