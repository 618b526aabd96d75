import Substrate

extension AccountError: Reportable {
    var hint: String? { nil }
    var exitStatus: ExitStatus { .wrongSecret }
}
