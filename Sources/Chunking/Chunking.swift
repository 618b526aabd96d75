// Chunking
