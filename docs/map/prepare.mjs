// Prepares the market's map once; run it again only to change the projection:
//   npm install world-atlas@2 us-atlas@3 d3-geo@3 d3-geo-projection@4
//     topojson-client@3 topojson-server@3 topojson-simplify@3
//   node prepare.mjs <checkout>   (from the folder with node_modules)
// Writes static/maps/market.svg, the land as paths, and market/places.json, where circles stand on it.
import { readFileSync, writeFileSync } from "node:fs";
import { geoArea, geoCentroid, geoConicEqualArea, geoPath } from "d3-geo";
import { geoProject } from "d3-geo-projection";
import { feature, mesh } from "topojson-client";
import { topology } from "topojson-server";
import { filter, filterWeight, presimplify, simplify } from "topojson-simplify";

const root = process.argv[2];
const read = (name) => JSON.parse(readFileSync(`node_modules/${name}`));
const WIDTH = 800, HEIGHT = 480;
const NORDIC = { x: 612, y: 300, width: 188, height: 170 };
const DETAIL = 1.8, SPECK = 8; // square units of the drawing
const codes = {
  AL: "01", AK: "02", AZ: "04", AR: "05", CA: "06", CO: "08", CT: "09", DE: "10", DC: "11", FL: "12", GA: "13",
  HI: "15", ID: "16", IL: "17", IN: "18", IA: "19", KS: "20", KY: "21", LA: "22", ME: "23", MD: "24", MA: "25",
  MI: "26", MN: "27", MS: "28", MO: "29", MT: "30", NE: "31", NV: "32", NH: "33", NJ: "34", NM: "35", NY: "36",
  NC: "37", ND: "38", OH: "39", OK: "40", OR: "41", PA: "42", RI: "44", SC: "45", SD: "46", TN: "47", TX: "48",
  UT: "49", VT: "50", VA: "51", WA: "53", WV: "54", WI: "55", WY: "56",
};
// No shape says where the middle of these is: about the middle of where people live, longitude first.
const AMERICA = {
  "CA-AB": ["Alberta", -114, 53.5], "CA-BC": ["British Columbia", -123.5, 53], "CA-MB": ["Manitoba", -98, 51],
  "CA-NB": ["New Brunswick", -66.3, 46.5], "CA-NL": ["Newfoundland and Labrador", -60.5, 53],
  "CA-NS": ["Nova Scotia", -63.5, 45], "CA-ON": ["Ontario", -84, 48.5], "CA-PE": ["Prince Edward Island", -63.2, 46.4],
  "CA-QC": ["Quebec", -72.5, 48.5], "CA-SK": ["Saskatchewan", -106, 52.5],
  US: ["United States", -98.5, 39.5], CA: ["Canada", -102, 52.6], MX: ["Mexico", -103.5, 28],
};
const NORDICS = {
  NO: ["Norway", 9.5, 61.5], SE: ["Sweden", 15.5, 62], FI: ["Finland", 26, 62.8], DK: ["Denmark", 9.3, 56],
  IS: ["Iceland", -18.6, 64.9],
};
const shape = (topology, object) => feature(topology, topology.objects[object]).features;
const world = read("world-atlas/countries-50m.json");
const states = read("us-atlas/states-10m.json");
const countries = Object.fromEntries(shape(world, "countries").map((one) => [one.properties.name, one]));
const named = (...names) => names.map((name) => countries[name]);

const america = geoConicEqualArea().parallels([29.5, 50]).rotate([96, 0]).center([0, 39.2]).scale(835)
  .translate([320, 292]).clipExtent([[0, 0], [WIDTH, HEIGHT]]).precision(0.2);
const nordics = geoConicEqualArea().parallels([56, 68]).rotate([-8, 0]).center([0, 63.6]).scale(430)
  .translate([NORDIC.x + NORDIC.width / 2, NORDIC.y + NORDIC.height / 2])
  .clipExtent([[NORDIC.x, NORDIC.y], [NORDIC.x + NORDIC.width, NORDIC.y + NORDIC.height]]).precision(0.2);

// Shapes are thinned out where they are drawn, so a border along a parallel keeps its curve and neighbours stay
// neighbours. A part smaller than a speck goes with its coast.
const drawn = (projection, features) => {
  const flat = geoProject({ type: "FeatureCollection", features }, projection);
  const ready = presimplify(topology({ all: flat }));
  const thin = simplify(ready, DETAIL);
  return filter(thin, filterWeight(thin, SPECK));
};
const path = geoPath().digits(1);
const land = (thin) => path(feature(thin, thin.objects.all)) ?? "";
const inner = (thin) => path(mesh(thin, thin.objects.all, (a, b) => a !== b)) ?? "";

const within = shape(states, "states").filter((one) => Object.values(codes).includes(one.id) && !["02", "15"].includes(one.id));
const around = drawn(america, named("Canada", "United States of America", "Mexico", "Cuba", "Bahamas"));
const us = drawn(america, within);
const north = drawn(nordics, named("Norway", "Sweden", "Finland", "Denmark", "Iceland"));

writeFileSync(`${root}/static/maps/market.svg`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">
<!-- Natural Earth and US Census shapes by world-atlas and us-atlas (ISC, LICENSE beside this file), drawn by docs/map/prepare.mjs -->
<path id="land" d="${land(around)}${land(us)}${land(north)}"/>
<path id="borders" fill="none" d="${inner(around)}${inner(us)}${inner(north)}"/>
</svg>
`);
const place = (name, projection, point) => {
  const [x, y] = projection(point).map((one) => Math.round(one * 10) / 10);
  return { name, x, y };
};
const largest = ({ geometry }) => // islands would pull the middle of a state out to sea
  geometry.type === "Polygon" ? geometry : geometry.coordinates
    .map((coordinates) => ({ type: "Polygon", coordinates }))
    .reduce((best, part) => (geoArea(part) > geoArea(best) ? part : best));

const places = {};
for (const one of within) {
  const code = Object.keys(codes).find((each) => codes[each] === one.id);
  places[`US-${code}`] = place(one.properties.name, america, geoCentroid(largest(one)));
}
for (const [code, [name, ...point]] of Object.entries(AMERICA)) places[code] = place(name, america, point);
for (const [code, [name, ...point]] of Object.entries(NORDICS)) places[code] = place(name, nordics, point);
writeFileSync(`${root}/market/places.json`, JSON.stringify(places).replaceAll("},", "},\n") + "\n");
