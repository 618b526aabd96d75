// LocalNetwork
