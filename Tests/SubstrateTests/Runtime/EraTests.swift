import Foundation
import SCALE
import Substrate
import Testing
import TestSupport

@Test func `mortal eras are encoded, born and dead as Substrate has them`() throws {
    let eras = try JSONObject.load("cess/scale.json")["eras"].items
    #expect(eras.count > 10)
    for entry in eras {
        guard let period = entry["period"].number?.uint32Value, let current = entry["current"].number?.uint32Value
        else {
            #expect(Era.immortal.scaleBytes == entry["hex"].bytes)
            continue
        }
        let era = Era(period: period, current: current)
        #expect(era.scaleBytes == entry["hex"].bytes)
        #expect(try Era(scaleBytes: entry["hex"].bytes) == era)
        let decodedPeriod = try #require(entry["decoded_period"].number?.uint32Value)
        let decodedPhase = try #require(entry["decoded_phase"].number?.uint32Value)
        #expect(era == .mortal(period: decodedPeriod, phase: decodedPhase))
        #expect(era.birth(current: current) == entry["birth"].number?.uint32Value)
        #expect(era.death(current: current) == entry["death"].number?.uint32Value)
    }
}

@Test(arguments: [[], [0x01], [0x25, 0xff], [0x00, 0x00], [0xf0, 0xff]] as [[UInt8]])
func `what is not an era is refused`(bytes: [UInt8]) {
    #expect(throws: ScaleError.self) { try Era(scaleBytes: bytes) }
}

@Test func `an era at the end of all block numbers does not overflow`() {
    let era = Era(period: 64, current: .max)
    #expect(era.birth(current: .max) == .max)
    #expect(era.death(current: .max) == .max)
}
