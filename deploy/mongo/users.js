// Run once by the image, when the database is made: the account that web and worker use.
const password = fs.readFileSync("/run/secrets/mongo_dupi_password", "utf8").trim();
db.getSiblingDB("dupi").createUser({
  user: "dupi",
  pwd: password,
  roles: [{ role: "readWrite", db: "dupi" }],
});
