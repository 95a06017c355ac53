public import ArgumentParser
public import Simulation

extension PlacementDesign: ExpressibleByArgument {}
