// CESS
