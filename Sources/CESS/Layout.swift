/// The layouts of the chain's types that this module is written for, in the notation of `TypeRegistry.layout(of:)`.
enum Layout {
    static let segmentList = "{hash: [u8; 64], fragment_list: Vec<[u8; 64]>}"
    static let userBrief = "{user: [u8; 32], file_name: Vec<u8>, territory_name: Vec<u8>}"
    static let nameAndDays = "{territory_name: Vec<u8>, days: u32}"
    static let address =
        "<0 Id([u8; 32]), 1 Index(Compact<u32>), 2 Raw(Vec<u8>), 3 Address32([u8; 32]), 4 Address20([u8; 20])>"

    static let file =
        "{segment_list: Vec<{hash: [u8; 64], fragment_list: Vec<{hash: [u8; 64], avail: bool, tag: Option<u32>, "
        + "miner: [u8; 32]}>}>, owner: Vec<\(userBrief)>, file_size: u128, completion: u32, "
        + "stat: <0 Active, 1 Calculate, 2 Missing, 3 Recovery>}"
    static let deal =
        "{file_size: u128, segment_list: Vec<\(segmentList)>, user: \(userBrief), "
        + "complete_list: Vec<{index: u8, miner: [u8; 32]}>}"
    static let userFile = "{territory_name: Vec<u8>, file_hash: [u8; 64], file_size: u128}"
    static let territory =
        "{token: [u8; 32], total_space: u128, used_space: u128, locked_space: u128, remaining_space: u128, start: u32, "
        + "deadline: u32, state: <0 Active, 1 Frozen, 2 Expired, 3 OnConsignment>}"
    static let consignment =
        "{user: [u8; 32], price: u128, buyers: Option<[u8; 32]>, exec: Option<u32>, locked: bool}"
    static let miner =
        "{beneficiary: [u8; 32], staking_account: [u8; 32], endpoint: Vec<u8>, collaterals: u128, debt: u128, "
        + "state: Vec<u8>, declaration_space: u128, idle_space: u128, service_space: u128, lock_space: u128, "
        + "space_proof_info: Option<{miner: [u8; 32], front: u64, rear: u64, pois_key: {g: [u8; 256], n: [u8; 256]}, "
        + "accumulator: [u8; 256]}>, service_bloom_filter: [u64; 256], tee_signature: [u8; 64]}"
    static let account =
        "{nonce: u32, consumers: u32, providers: u32, sufficients: u32, "
        + "data: {free: u128, reserved: u128, frozen: u128, flags: u128}}"
    static let oss = "{peer_id: [u8; 38], domain: Vec<u8>}"
}
