extension RuntimeSchema {
    /// The Utility pallet, as far as the local chain has it.
    static let utility = """
        enum Result<T, E> { 0 Ok(T), 1 Err(E) }

        pallet 1 Utility
        calls pallet_utility::pallet::Call<~T> {
            0 batch { calls: [RuntimeCall] },
            1 as_derivative { index: u16, call: RuntimeCall },
            2 batch_all { calls: [RuntimeCall] },
            4 force_batch { calls: [RuntimeCall] },
            5 with_weight { call: RuntimeCall, weight: Weight },
        }
        events pallet_utility::pallet::Event {
            0 BatchInterrupted { index: u32, error: DispatchError },
            1 BatchCompleted,
            2 BatchCompletedWithErrors,
            3 ItemCompleted,
            4 ItemFailed { error: DispatchError },
            5 DispatchedAs { result: Result<(), DispatchError> },
        }
        errors pallet_utility::pallet::Error<~T> {
            0 TooManyCalls,
        }
        constants {
            batched_calls_limit: u32 = 0x380e0000,
        }
        """
}
