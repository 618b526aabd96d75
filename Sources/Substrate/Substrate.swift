// Substrate
